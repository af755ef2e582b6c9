import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeName, savedName } from '../../../src/commands/io/save-names.js';
import { initModel } from '../../../src/model/store/init.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const ROBOTS = fixture('scenes/0005.png');
const CAPTION = 'a small book on a pink background';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-step-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Node {
  readonly id: number;
  readonly parent: number;
  readonly step: number;
  readonly beam: number;
  readonly token: { readonly id: number; readonly text: string };
  readonly logprob: number;
  readonly sum: number;
  readonly score: number;
  readonly state: string;
  readonly line: number;
  readonly why?: string;
  readonly forced?: boolean;
}

interface Tree {
  readonly nodes: readonly Node[];
  readonly best: string | null;
  readonly score: number;
  readonly ids: readonly number[];
  readonly line: number;
  readonly lines: readonly {
    readonly step: number;
    readonly done: boolean;
    readonly best: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  readonly candidates: readonly (Omit<Node, 'id' | 'beam' | 'state'> & {
    readonly fate: string;
    readonly node?: number;
  })[];
  readonly actions: readonly object[];
}

async function tree(script: string | undefined, ...more: string[]): Promise<Tree> {
  const args = ['step', BOOK, '--json', '-q', ...(script === undefined ? [] : ['--script', script]), ...more];
  const { code, stdout, stderr } = await coca(args);
  expect([stderr, code]).toEqual(['', 0]);
  const list = JSON.parse(stdout);
  expect(list).toHaveLength(1);
  return list[0];
}

const childrenOf = ({ nodes }: Tree, id: number) => nodes.filter(({ parent }) => parent === id);

describe('JSON', () => {
  test('the tree of a walk: the fields that scripts depend on', async () => {
    const walk = await tree('next,next,force:dog,prune:2,undo,run');
    expect(walk.best).toMatch(/^an? \w+ on a pink background$/);
    const [start, ...others] = walk.nodes;
    expect(start).toEqual({
      ...{ id: 0, parent: -1, step: 0, beam: 0, token: { id: 1022, text: '<start_of_text>' } },
      ...{ logprob: 0, sum: 0, score: 0, state: 'live', line: 0 },
    });
    const seen = new Set([0]);
    for (const node of others) {
      expect(Object.keys(node).slice(0, 9)).toEqual([
        'id',
        'parent',
        'step',
        'beam',
        'token',
        'logprob',
        'sum',
        'score',
        'state',
      ]);
      expect(seen.has(node.parent)).toBe(true);
      seen.add(node.id);
      const parent = walk.nodes.find(({ id }) => id === node.parent)!;
      expect(node.step).toBe(parent.step + 1);
      expect(node.sum).toBeCloseTo(parent.sum + node.logprob, 4);
      expect(node.score).toBeCloseTo(node.sum / node.step, 5);
      expect(['live', 'pruned', 'finished']).toContain(node.state);
      expect(node.why !== undefined).toBe(node.state === 'pruned' && childrenOf(walk, node.id).length === 0);
    }
    const forced = walk.nodes.filter((node) => node.forced);
    expect(forced.map(({ token, step, state }) => [token.text, step, state])).toEqual([['dog', 3, 'pruned']]);
    expect(walk.nodes.find(({ id }) => id === forced[0]!.parent)!.token.text).toBe('small');
    const finished = walk.nodes.filter(({ state }) => state === 'finished');
    expect(finished).toHaveLength(6);
    expect(Math.max(...finished.map(({ score }) => score))).toBe(walk.score);
    expect(walk.actions.slice(0, 3)).toEqual([
      { type: 'next', line: 0 },
      { type: 'next', line: 0 },
      { type: 'force', line: 0, beam: 0, token: 692 },
    ]);
  });

  test('the candidates of each step, with what became of them', async () => {
    const { candidates, nodes } = await tree('next:3');
    expect(new Set(candidates.map(({ step }) => step))).toEqual(new Set([1, 2, 3]));
    for (const { fate, node } of candidates) expect(node !== undefined).toBe(fate === 'live' || fate === 'finished');
    expect(candidates.filter(({ node }) => node !== undefined)).toHaveLength(nodes.length - 1);
    expect(
      candidates
        .filter(({ fate }) => fate === 'min-length')
        .every(({ token, sum }) => token.id === 1023 && sum === null),
    ).toBe(true);
  });

  test('without a script the search runs to its end; --jsonl gives the object alone', async () => {
    const { stdout } = await coca(['step', BOOK, '--jsonl', '-q']);
    const walk: Tree = JSON.parse(stdout);
    expect(stdout.trimEnd()).not.toContain('\n');
    expect([walk.best, walk.lines[0]!.done, walk.line]).toEqual([CAPTION, true, 0]);
  });

  test('several lines, each with its own options', async () => {
    const { lines, line, nodes } = await tree('next:2,fork:1,set:beams=2,next:2,line:0,next');
    expect([line, lines.length]).toEqual([0, 2]);
    expect(lines.map(({ step, options }) => [step, options.beams])).toEqual([
      [3, 6],
      [4, 2],
    ]);
    expect(lines[1]).toMatchObject({ from: { line: 0 }, done: false });
    const own = nodes.filter((node) => node.line === 1);
    expect(own).toHaveLength(4);
    expect(own[0]!.parent).toBe((lines[1] as unknown as { from: { node: number } }).from.node);
  });

  test('a picture that cannot be read is an object, too', async () => {
    const { code, stdout, stderr } = await coca(['step', join(folder, 'none.png'), '--json', '-q']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual([
      { image: join(folder, 'none.png'), error: { code: 'not-found', message: expect.anything() } },
    ]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('an untouched walk is the caption', () => {
  test.each([
    ['beam search', []],
    [
      'beam search with everything',
      [
        '--beams',
        '4',
        '--length-penalty',
        '0.5',
        '--repetition-penalty',
        '1.3',
        '--no-repeat-ngram',
        '2',
        '--min-length',
        '9',
        '--early-stopping',
      ],
    ],
    ['diverse groups', ['--beams', '6', '--groups', '3']],
    ['greedy search', ['--strategy', 'greedy']],
    ['samples', ['--strategy', 'sample', '--num', '3', '--top-p', '0.9', '--temperature', '1.5', '--seed', '11']],
    ['a prompt', ['--prompt', 'two']],
    ["OpenCLIP's scoring", ['--scoring', 'openclip', '--groups', '3']],
    ["OpenCLIP's greedy search", ['--scoring', 'openclip', '--strategy', 'greedy', '--max-length', '6']],
  ])('%s: the same ids and the same score', async (_, options) => {
    for (const image of [BOOK, ROBOTS]) {
      const [{ stdout: captioned }, { stdout: walked }] = await Promise.all([
        coca(['caption', image, '--jsonl', '-q', ...options]),
        coca(['step', image, '--jsonl', '-q', ...options]),
      ]);
      const { caption, score, ids } = JSON.parse(captioned);
      expect(JSON.parse(walked)).toMatchObject({ best: caption, score, ids });
    }
  });

  test('with steps, undos and looks on the way', async () => {
    const { best, score } = await tree('next:4,undo:2,redo,choose:3,choose:down,undo,run');
    const { stdout } = await coca(['caption', BOOK, '--jsonl', '-q']);
    expect([best, score]).toEqual([CAPTION, JSON.parse(stdout).score]);
  });
});

describe('verbs', () => {
  test('force a candidate, an id, a text of several tokens, and the end', async () => {
    const ids = async (script: string) => (await tree(`${script},prune:1,prune:2,prune:3,prune:4,prune:5`)).ids;
    expect((await ids('next,force:#2')).length).toBe(3);
    const { nodes } = await tree('next,force:=692');
    expect(nodes.filter(({ forced }) => forced).map(({ token }) => token.text)).toEqual(['dog']);
    const zebra = await tree('next,force:zebra');
    expect(zebra.nodes.filter(({ forced }) => forced).map(({ token }) => token.text)).toEqual(['z', 'e', 'b', 'ra']);
    const ended = await tree('next:2,force:<end_of_text>');
    expect(ended.nodes.filter(({ state }) => state === 'finished').map(({ forced, step }) => [forced, step])).toEqual([
      [true, 3],
    ]);
  });

  test('prune, by hand and by number', async () => {
    const { nodes } = await tree('next,prune:3,choose:1,prune');
    expect(nodes.filter(({ why }) => why === 'by-hand').map(({ beam }) => beam)).toEqual([1, 3]);
  });

  test('fork from an earlier step', async () => {
    const { nodes, lines } = await tree('run,fork@2,next');
    expect(lines[1]).toMatchObject({ step: 3, done: false });
    expect(nodes.find(({ line }) => line === 1)!.step).toBe(3);
  });

  test('set changes what is to come', async () => {
    const { lines } = await tree('next,set:beams=3,set:min-length=0,set:length-penalty=0,next');
    expect(lines[0]!.options).toMatchObject({ beams: 3, minLength: 0, lengthPenalty: 0 });
    const { best } = await tree('next,set:min-length=0,set:max-length=4,run');
    expect(best!.split(' ')).toHaveLength(3);
  });
});

describe('what cannot be done', () => {
  test.each([
    [['--script', 'next,nxet'], "--script: 'nxet' (word 2, column 6): there is no verb nxet", 'did you mean next?'],
    [
      ['--script', 'next,prune:9'],
      "'prune:9' (word 2, column 6): this line has no beam 9",
      'its beams are 0, 1, 2, 3, 4, 5',
    ],
    [['--script', 'prune'], "'prune' (word 1, column 1): the only beam cannot be pruned", 'undo'],
    [['--script', 'undo'], 'there is nothing to undo', ''],
    [['--script', 'run,next'], 'this search has ended', 'undo a step, or fork'],
    [['--script', 'run,force:dog'], 'a finished caption takes no more tokens', 'choose a beam'],
    [['--script', 'run,prune'], 'a finished caption cannot be pruned', ''],
    [['--script', 'line:1'], 'there is no line 1', 'there is only line 0'],
    [['--script', 'force:=1024'], 'id 1024 is not among the 1024 ids', ''],
    [['--script', 'force:" "'], "' ' has no tokens", ''],
    [['--script', 'force:#10'], 'there is no candidate 10', 'there are 9'],
    [['--script', 'set:temperature=2'], 'temperature 2 means nothing to strategy beam', ''],
    [['--script', 'set:beams=1'], 'one beam would be another search', ''],
    [
      ['--load', 'x.json', '--beams', '3'],
      '--beams shapes a new search, and here --load brings one',
      'leave one of the two out',
    ],
    [['--load', 'x.json', '--seed', '3'], '--seed shapes a new search', ''],
    [['--groups', '2', '--beams', '3'], '3 beams cannot be divided into 2 groups', ''],
    [['--json', '--jsonl'], '--json and --jsonl exclude each other', ''],
  ])('%j: wrong usage', async (args, message, hint) => {
    const { code, stdout, stderr } = await coca(['step', BOOK, '-q', ...args]);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('    at ');
  });

  test('no picture, and several', async () => {
    expect(await coca(['step', '-q'])).toMatchObject({ code: 64, stderr: expect.stringContaining('IMAGE is missing') });
    const several = await coca(['step', join(fixture('scenes'), '000*.png'), '-q']);
    expect(several).toMatchObject({ code: 64, stderr: expect.stringContaining('names several pictures') });
  });
});

describe('plain', () => {
  test('a line a node, with the text up to it', async () => {
    const { code, stdout, stderr } = await coca(['step', BOOK, '-q', '--script', 'next:2']);
    expect([code, stderr]).toEqual([0, '']);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows).toHaveLength(13);
    for (const row of rows) expect(row).toHaveLength(9);
    expect(rows[0]).toEqual(['0', '-1', '0', '0', 'live', '0.0000', '0.0000', '0.0000', '']);
    expect(rows[7]!.at(-1)).toBe('a small');
    expect(rows.map((row) => row[4])).toContain('pruned:score');
  });
});

describe('sessions', () => {
  const script = 'next:3,force:dog,fork:1,set:beams=3,next,line:0,prune:0';

  test('saved and loaded, it is the same walk; and goes on', async () => {
    const file = join(folder, 'walk.json');
    const before = await tree(script, '--save', file);
    const saved = JSON.parse(readFileSync(file, 'utf8'));
    expect(saved).toMatchObject({ format: 'coca-step', version: 1, image: BOOK, model: 'scenes', prompt: null });
    expect(saved.actions).toEqual(before.actions);
    const { stdout } = await coca(['step', '--load', file, '--jsonl', '-q']);
    expect(JSON.parse(stdout)).toEqual(before);
    const [more, once] = await Promise.all([
      coca(['step', BOOK, '--load', file, '--script', 'next', '--jsonl', '-q']),
      tree(`${script},next`),
    ]);
    expect(JSON.parse(more.stdout).nodes).toEqual(once.nodes);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('options and prompt come with it', async () => {
    const file = join(folder, 'options.json');
    const options = ['--beams', '3', '--prompt', 'two', '--length-penalty', '0'];
    const before = await tree('next:2', '--save', file, ...options);
    const { stdout } = await coca(['step', '--load', file, '--jsonl', '-q']);
    expect(JSON.parse(stdout)).toEqual(before);
    expect(before.best).toMatch(/^two /);
  });

  test('a picture of another name but the same content fits, another does not', async () => {
    const file = join(folder, 'book.json');
    await tree('next', '--save', file);
    copyFileSync(BOOK, join(folder, 'copy.png'));
    expect((await coca(['step', join(folder, 'copy.png'), '--load', file, '--jsonl', '-q'])).code).toBe(0);
    const other = await coca(['step', ROBOTS, '--load', file, '--jsonl', '-q']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(`book.json is about the picture ${BOOK}, and ${ROBOTS} is not the same`);
  });

  test('another model is refused', async () => {
    const model = join(folder, 'other-model');
    const config = join(fixture('golden/pooled'), 'open_clip_config.json');
    const json = JSON.parse(readFileSync(config, 'utf8'));
    const cfg = join(folder, 'open_clip_config.json');
    json.model_cfg.text_cfg.vocab_size = 1024;
    writeFileSync(cfg, JSON.stringify(json));
    await initModel({ config: cfg, output: model, seed: 1, dtype: 'F32' });
    copyFileSync(join(fixture('models/scenes'), 'tokenizer.json'), join(model, 'tokenizer.json'));
    const file = join(folder, 'model.json');
    await tree('next', '--save', file);
    const { code, stderr } = await coca(['step', BOOK, '--load', file, '--model', model, '-q']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('was made with the model scenes, and this is other-model'),
    ]);
  });

  test.each<[string, (saved: Record<string, unknown>) => unknown, string]>([
    ['no JSON', () => undefined, 'is not JSON'],
    ['another file', () => ({ caption: 'a' }), 'is no session of coca step'],
    ['a later version', (saved) => ({ ...saved, version: 2 }), 'is of version 2, and this program reads 1'],
    ['an unknown action', (saved) => ({ ...saved, actions: [{ type: 'jump', line: 0 }] }), 'action 1 is not one'],
    [
      'an action that cannot be',
      (saved) => ({ ...saved, actions: [{ type: 'prune', line: 0, beam: 5 }] }),
      'action 1 cannot be done: this line has no beam 5',
    ],
    [
      'options that cannot be',
      (saved) => ({ ...saved, options: { strategy: 'greedy', beams: 4 } }),
      'options: beams 4 means nothing to strategy greedy',
    ],
    ['an unknown option', (saved) => ({ ...saved, options: { beems: 4 } }), 'options: there is no option beems'],
  ])('%s is refused', async (name, change, message) => {
    const good = join(folder, 'good.json');
    if (!existsSync(good)) await tree('next', '--save', good);
    const file = join(folder, `${name.replaceAll(' ', '-')}.json`);
    const changed = change(JSON.parse(readFileSync(good, 'utf8')));
    writeFileSync(file, changed === undefined ? 'not json' : JSON.stringify(changed));
    const { code, stdout, stderr } = await coca(['step', BOOK, '--load', file, '-q']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${file}`);
    expect(stderr).toContain(message);
  });

  test('one that ends elsewhere here says so', async () => {
    const good = join(folder, 'good.json');
    if (!existsSync(good)) await tree('next', '--save', good);
    const file = join(folder, 'elsewhere.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(good, 'utf8')), best: 'a\u001b[2J cat' }));
    const { code, stderr } = await coca(['step', '--load', file]);
    expect(code).toBe(0);
    expect(stderr).toContain('had come to "a\\x1b[2J cat" when it was saved, and comes to "a" on cpu');
  });

  test('where it cannot be written, what is there stays', async () => {
    const { code, stderr } = await coca([
      'step',
      BOOK,
      '-q',
      '--script',
      'next',
      '--save',
      join(folder, 'none', 'x.json'),
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be written')]);
  });

  test("what a picture's session is called, and no file is written over", async () => {
    expect(savedName('photos/a.b.jpg')).toBe('a-b');
    expect(savedName('https://example.org/x/cat.png?size=3')).toBe('cat');
    expect(savedName('\u001b[2J')).toBe('2J');
    const base = join(folder, 'taken');
    expect(await freeName(`${base}-step`, '.json')).toBe(`${base}-step.json`);
    writeFileSync(`${base}-step.json`, '');
    writeFileSync(`${base}-step-2.json`, '');
    expect(await freeName(`${base}-step`, '.json')).toBe(`${base}-step-3.json`);
  });
});

test('a picture from stdin', async () => {
  const { code, stdout } = await coca(['step', '-', '--jsonl', '-q', '--script', 'next'], {
    input: readFileSync(BOOK),
  });
  expect([code, JSON.parse(stdout).image]).toEqual([0, '-']);
});
