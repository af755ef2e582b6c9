import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/commands/index.js';
import { FRESH_MODELS } from '../../../src/commands/io/model.js';
import { complete } from '../../../src/commands/repl/line/complete.js';
import { ReplSession } from '../../../src/commands/repl/session.js';
import { sessionVerbs } from '../../../src/commands/repl/verbs/verbs.js';

let folder: string;
let before: string;
beforeAll(() => {
  before = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'coca-complete-'));
  process.chdir(folder);
  mkdirSync('pictures');
  mkdirSync('.hidden');
  symlinkSync('pictures', 'linked');
  for (const name of ['a1.png', 'a10.png', 'a2.png', 'notes.txt', 'pictures/a b.jpg', "pictures/it's.png"]) {
    writeFileSync(name, '');
  }
  writeFileSync(Buffer.from([0x61, 0xff, 0x2e, 0x70, 0x6e, 0x67]), '');
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

const session = new ReplSession(COMMANDS, FRESH_MODELS.borrow, sessionVerbs);
const MODELS = [
  { word: 'scenes', about: 'bundled' },
  { word: 'other', about: 'not here' },
];
const LOOK = {
  modelNames: async () => MODELS,
  siteNames: async (model: string | undefined) =>
    model === 'other' ? ['text.0'] : ['vision.0', 'vision.0.h0', 'vision.0.h1', 'cross.2', 'mlp.cross.2'],
};
/** `^` is the cursor; without one it is at the end. */
async function ways(line: string): Promise<string[]> {
  const cursor = line.includes('^') ? line.indexOf('^') : line.length;
  const text = line.replace('^', '');
  const { start, candidates } = await complete(text, cursor, session, LOOK);
  return candidates.map((candidate) => text.slice(0, start) + candidate.text + (candidate.isWhole ? ' ' : ''));
}

describe('completion', () => {
  it.each<[string, string[]]>([
    ['cap', ['caption ']],
    ['ra^nk a', ['rank ']],
    ['expo', ['export ']],
    ['coca cap', ['coca caption ']],
    ['help att', ['help attend ', 'help attention ']],
    ['caption --be', ['caption --beams ']],
    ['caption --no-r', ['caption --no-repeat-ngram ']],
    ['rank --no-s', ['rank --no-softmax ']],
    ['caption --strategy ', ['caption --strategy beam ', 'caption --strategy greedy ', 'caption --strategy sample ']],
    ['caption --strategy=s', ['caption --strategy=sample ']],
    ['caption --beams ', []],
    ['set bea', ['set beams ']],
    ['set beams ', []],
    ['set strategy g', ['set strategy greedy ']],
    ['set json ', ['set json on ', 'set json off ']],
    ['set model sc', ['set model scenes ']],
    ['set model scenes ', []],
    ['set ablate vision.0.', ['set ablate vision.0.h0', 'set ablate vision.0.h1']],
    ['set ablate cross.2,ml', ['set ablate cross.2,mlp.cross.2']],
    ['caption --ablate c', ['caption --ablate cross.2']],
    ['caption --ablate=cross.2,vision.0.h1,c', ['caption --ablate=cross.2,vision.0.h1,cross.2']],
    ['caption --model other --ablate ', ['caption --model other --ablate text.0']],
    ['caption --model=other --ablate ', ['caption --model=other --ablate text.0']],
    ['model sc', ['model scenes ']],
    ['caption --model oth', ['caption --model other ']],
    ['models p', ['models pull ']],
    ['models pull oth', ['models pull other ']],
    ['models pull --js', ['models pull --json ', 'models pull --jsonl ']],
    ['models list ', []],
    ['caption a', ['caption a1.png ', 'caption a2.png ', 'caption a10.png ', 'caption a\udcff.png ']],
    ['a1', ['a1.png ', 'a10.png ']],
    ['a1.png a2', ['a1.png a2.png ']],
    ['caption pic', ['caption pictures/']],
    ['caption link', ['caption linked/']],
    ['caption pictures/', ['caption pictures/a\\ b.jpg ', "caption pictures/it\\'s.png "]],
    ['caption pictures/a\\ ', ['caption pictures/a\\ b.jpg ']],
    ['caption "pictures/a ', ['caption "pictures/a b.jpg" ']],
    ["caption 'pictures/i", ["caption 'pictures/it'\\''s.png' "]],
    ['caption .h', ['caption .hidden/']],
    ['caption --files no', ['caption --files notes.txt ']],
    ['attend -o pi', ['attend -o pictures/']],
    ['attend --output=pi', ['attend --output=pictures/']],
    ['embed --text a', []],
    ['rank a1.png so', []],
    ['caption missing/x', []],
  ])('%s', async (line, expected) => expect(await ways(line)).toEqual(expected));

  it('nothing typed: the verbs, and no files', async () => {
    const all = await ways('');
    expect(all).toContain('caption ');
    expect(all).toContain('compare ');
    expect(all).not.toContain('a1.png ');
  });

  it('last: what the repeated line takes', async () => {
    session.last = {
      line: 'rank a | b',
      command: session.program('rank'),
      filled: { positionals: [], options: [] },
      done: { outcome: { done: 1, failed: 0 }, keys: [], settings: [], answers: [], invocation: undefined },
    };
    expect(await ways('last --by')).toEqual(['last --by ']);
    expect(await ways('last --by c')).toEqual(['last --by contrastive ', 'last --by caption ']);
  });
});

describe('what stands beside a candidate', () => {
  it.each([
    ['cap', { caption: 'captions pictures' }],
    ['caption --beam', { '--beams': 'hypotheses kept side by side' }],
    ['set beam', { beams: 'hypotheses kept side by side' }],
    ['models pu', { pull: 'fetches models from the Hugging Face hub, or checks and mends what is here' }],
    ['caption -m ot', { other: 'not here' }],
    ['help attent', { attention: 'what a map over the picture is, and how true' }],
    ['caption a1', { 'a1.png': '', 'a10.png': '' }],
  ])('%s', async (line, expected) => {
    const { candidates } = await complete(line, line.length, session, LOOK);
    expect(Object.fromEntries(candidates.map(({ label, about }) => [label, about]))).toEqual(expected);
  });
});
