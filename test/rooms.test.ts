import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** docs/architecture.md, as far as it can be checked: which room may use which, and that a room can be looked over. */

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
const known = new Set(sources);

interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone once compiled. */
  readonly isType: boolean;
  /** When it is asked for, not as the program starts. */
  readonly isLater: boolean;
}

const IMPORT =
  /(?:^|\n)(?:import|export) (type )?[^'";]*?from '(\.[^']+)'|(?:^|\n)import '(\.[^']+)'|import\('(\.[^']+)'\)/g;

const imports: readonly Import[] = sources.flatMap((from) => {
  const text = readFileSync(join(SRC, from), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, type, ...paths]) => {
    const path = normalize(join(dirname(from), paths.find((found) => found !== undefined)!)).replace(/\.js$/, '');
    const to = [`${path}.ts`, `${path}.tsx`].find((name) => known.has(name));
    if (to === undefined) throw new Error(`${from} imports ${path}, which is not there`);
    return { from, to, isType: type !== undefined, isLater: paths[2] !== undefined };
  });
});

const between = (from: string, to: string) =>
  imports.filter((one) => one.from.startsWith(from) && one.to.startsWith(to));

test('the model knows no terminal, the command line no command', () => {
  expect(between('model/', 'ui/')).toEqual([]);
  expect(between('model/', 'commands/')).toEqual([]);
  expect(between('model/', 'cli/')).toEqual([]);
  expect(between('ui/', 'commands/')).toEqual([]);
  expect(between('ui/', 'cli/')).toEqual([]);
  expect(between('cli/', 'commands/')).toEqual([]);
});

test('a server knows models, and neither commands nor a terminal; only what asks for one knows it, once it is asked for', () => {
  for (const room of ['commands/', 'cli/', 'ui/']) expect(between('server/', room)).toEqual([]);
  for (const room of ['model/', 'cli/', 'ui/']) expect(between(room, 'server/')).toEqual([]);
  const outside = between('commands/', 'server/').filter(({ from }) => !from.startsWith('commands/serve/'));
  expect(outside.filter(({ isLater }) => !isLater)).toEqual([]);
});

/** What views may know of the model: types of walks and maps; and of these rooms what computes from values alone. */
const TYPES = [
  'model/api',
  'model/decoding/',
  'model/stepper/',
  'model/attention/',
  'model/grounding/',
  'model/tokenizer/',
  'model/training/run/events',
];
const PURE = [
  'model/base/knob',
  'model/base/lru',
  'model/decoding/',
  'model/stepper/actions',
  'model/stepper/changes',
  'model/stepper/line',
  'model/stepper/session',
  'model/stepper/tree',
  'model/stepper/find',
  'model/attention/faithfulness',
  'model/attention/maps',
  'model/tokenizer/words',
];

test('of the model, what is seen knows types, and modules that compute from values alone', () => {
  const isAllowed = ({ to, isType }: Import) => (isType ? TYPES : PURE).some((room) => to.startsWith(room));
  expect(between('ui/', 'model/').filter((one) => !isAllowed(one))).toEqual([]);
});

test('a page is made of texts and colours: it knows no terminal, no Ink, and of the model nothing', () => {
  const used = new Set(imports.filter(({ from }) => from.startsWith('ui/page/')).map(({ to }) => to));
  expect([...used].sort()).toEqual(['ui/palette.ts', 'ui/picture/heat.ts', 'ui/text.ts']);
});

test('no engine is imported by what describes the network', () => {
  for (const room of ['architecture', 'decoding', 'stepper', 'attention', 'tokenizer', 'config', 'base']) {
    expect(between(`model/${room}/`, 'model/engine/onnx')).toEqual([]);
    expect(between(`model/${room}/`, 'model/engine/tfjs')).toEqual([]);
  }
  expect(imports.filter(({ from, to }) => from.startsWith('model/base/') && !to.startsWith('model/base/'))).toEqual([]);
});

/** Groups of modules that import each other, by Tarjan's algorithm. */
function circles(): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const to of next.get(node) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(node, Math.min(low.get(node)!, low.get(to)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const source of sources) if (!index.has(source)) visit(source);
  return found;
}

test('no module imports itself through others, not even for a type', () => {
  expect(circles()).toEqual([]);
});

test('no folder has more than 20 files beside each other, no file more than 350 lines', () => {
  const counts = new Map<string, number>();
  for (const name of sources) counts.set(dirname(name), (counts.get(dirname(name)) ?? 0) + 1);
  const crowded = [...counts].filter(([, count]) => count > 20).map(([folder, count]) => `${folder}: ${count}`);
  expect(crowded).toEqual([]);
  const long = sources.filter((name) => readFileSync(join(SRC, name), 'utf8').split('\n').length > 351);
  expect(long).toEqual([]);
});

/** What is loaded with some modules, before anything is run. */
function loadedWith(...modules: readonly string[]): ReadonlySet<string> {
  const loaded = new Set(modules);
  for (const name of loaded) {
    for (const { from, to, isType, isLater } of imports) if (from === name && !isType && !isLater) loaded.add(to);
  }
  return loaded;
}

/** What a command's definition may not load: the parts of the model that work. */
const WORKS =
  /^(model\/(store|hub|checkpoint|grounding|explaining|coca|encoding)|model\/tracing\/trace|model\/engine\/(onnx|tfjs)|server)/;

test('what every start loads is the command line and no command', () => {
  const loaded = loadedWith('cli.ts');
  // A start is as slow as they are many.
  expect(loaded.size).toBeLessThanOrEqual(60);
  expect([...loaded].filter((name) => /^commands\/(?!io\/|registry)/.test(name))).toEqual([]);
});

test('a command is loaded by its name, with what its definition needs and no part of the model that works', () => {
  const commands = imports.filter(({ from, isLater }) => from === 'commands/registry.ts' && isLater);
  expect(commands.length).toBeGreaterThan(25);
  for (const { to } of commands) {
    const loaded = loadedWith('cli.ts', to);
    expect(loaded.size, to).toBeLessThanOrEqual(95);
    expect([...loaded].filter((name) => WORKS.test(name))).toEqual([]);
  }
});

test('a caption, here or from a server, starts with the command line of a package and no other', () => {
  const start = loadedWith('cli.ts', 'commands/caption/caption.ts', 'server/remote/served-model.ts');
  const packages = [...start].flatMap((name) => {
    const text = readFileSync(join(SRC, name), 'utf8');
    return [...text.matchAll(/(?:^|\n)import (?!type )[^'";]*?from '(?!\.|node:)([^']+)'/g)].map(([, found]) => found);
  });
  expect(new Set(packages)).toEqual(new Set(['commander']));
});
