import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const SITES = 'cross.2.h2,mlp.text.1';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-ablate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = async (...args: string[]) => {
  const { stdout, stderr } = await coca([...args, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout)[0];
};

describe('--ablate', () => {
  test.each([
    ['caption', [BOOK], (result: { score: number }) => result.score],
    [
      'rank',
      [BOOK, 'a small book', '--by', 'both'],
      (result: { results: { logprob: number }[] }) => result.results[0]!.logprob,
    ],
    [
      'classify',
      [BOOK, '--labels', 'book,dog'],
      (result: { results: { cosine: number }[] }) => result.results[0]!.cosine,
    ],
    ['attend', [BOOK, 'a small book'], (result: { tokens: { logprob: number }[] }) => result.tokens[1]!.logprob],
    ['step', [BOOK], (result: { score: number }) => result.score],
    ['embed', ['--text', 'a book'], (result: { embedding: number[] }) => result.embedding[0]!],
    [
      'lens',
      [BOOK, 'a small book'],
      (result: { layers: { probability: number }[][] }) => result.layers[1]![1]!.probability,
    ],
    [
      'heads',
      [BOOK, 'a small book', '--word', 'book'],
      (result: { heads: { words: number[] }[] }) => result.heads[0]!.words[0]!,
    ],
  ] as const)('%s: another figure, and the result says what was taken out', async (command, args, figureOf) => {
    const whole = await json(command, ...args);
    const without = await json(command, ...args, '--ablate', SITES);
    expect(without.ablated).toEqual(SITES.split(','));
    expect(without.ablated_with).toBeUndefined();
    expect(whole.ablated).toBeUndefined();
    expect(figureOf(without as never)).not.toBe(figureOf(whole as never));
  });

  test('eval: other figures, which say so; not of what is of the whole model', async () => {
    const scenes = ['eval', '--limit', '4', '--ranking'];
    const [whole, without] = [await json(...scenes), await json(...scenes, '--ablate', 'vision.0,vision.1')];
    expect(without).toMatchObject({ task: whole.task, ablated: ['vision.0', 'vision.1'], samples: 4 });
    expect(whole.ablated).toBeUndefined();
    expect(without.metrics).not.toEqual(whole.metrics);
    for (const args of [['--tracing'], ['--grounding', '--calibrate', join(folder, 'c.json')]]) {
      expect(await coca(['eval', ...args, '--ablate', 'vision.0'])).toMatchObject({
        code: 64,
        stderr: expect.stringContaining('and --ablate exclude each other'),
      });
    }
  });

  test('all heads of a layer, one by one, are the layer', async () => {
    const heads = Array.from({ length: 6 }, (_, head) => `cross.1.h${head}`).join(',');
    const layer = await json('caption', BOOK, '--ablate', 'cross.1');
    const each = await json('caption', BOOK, '--ablate', heads);
    expect(each.score).toBeCloseTo(layer.score, 5);
    expect(each.ids).toEqual(layer.ids);
  });

  test('a mean in their place: over the scenes, or over pictures that are named', async () => {
    const zero = await json('caption', BOOK, '--ablate', 'cross.2.h2');
    const mean = ['--ablate', 'cross.2.h2', '--ablate-with', 'mean'];
    const overScenes = await json('caption', BOOK, ...mean);
    const overOne = await json('caption', BOOK, ...mean, '--ablate-over', fixture('scenes/0003.png'));
    expect(overScenes.ablated_with).toBe('mean');
    expect(new Set([zero.score, overScenes.score, overOne.score]).size).toBe(3);
  });

  test.each([
    [
      ['--ablate', 'cross.9'],
      /there is no site 'cross\.9' in this model[\s\S]*cross\.L, L 0 to 2 \(heads \.h0 to h5\)/,
    ],
    [['--ablate', 'cross.0.h0,'], undefined],
    [['--ablate', ','], /no site is named/],
    [['--ablate-with', 'mean'], /--ablate-with means nothing without --ablate/],
    [['--ablate', 'cross.0', '--ablate-over', BOOK], /--ablate-over means nothing without --ablate-with mean/],
    [['--ablate', 'cross.0', '--ablate-with', 'noise'], /--ablate-with/],
  ])('%j', async (options, refusal) => {
    const { code, stderr } = await coca(['caption', BOOK, ...options]);
    expect(code).toBe(refusal === undefined ? 0 : 64);
    if (refusal) expect(stderr).toMatch(refusal);
  });

  test('pictures of a mean that are not there', async () => {
    const missing = join(folder, 'nothing.png');
    const { code, stderr } = await coca([
      'caption',
      BOOK,
      '--ablate',
      'cross.0',
      '--ablate-with',
      'mean',
      '--ablate-over',
      missing,
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('nothing.png');
  });

  test('a file of results goes on with the same sites alone', async () => {
    const out = join(folder, 'out.jsonl');
    const line = ['caption', BOOK, '-o', out];
    expect((await coca([...line, '--ablate', 'cross.0'])).code).toBe(0);
    expect((await coca([...line, '--resume', '--ablate', 'cross.0'])).code).toBe(0);
    const other = await coca([...line, '--resume', '--ablate', 'cross.1']);
    expect(other.stderr).toMatch(/written with other settings: --ablate/);
    const mean = await coca([...line, '--resume', '--ablate', 'cross.0', '--ablate-with', 'mean']);
    expect(mean.stderr).toMatch(/written with other settings: --ablate-with/);
  });

  test('a saved walk goes on in the same model alone', async () => {
    const file = join(folder, 'walk.json');
    const walk = ['step', BOOK, '--script', 'next', '--ablate', 'cross.0', '--save', file];
    expect((await coca(walk)).code).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8')).model).toBe('scenes without cross.0');
    expect((await coca(['step', '--load', file, '--ablate', 'cross.0', '--json'])).code).toBe(0);
    const whole = await coca(['step', '--load', file, '--json']);
    expect(whole.stderr).toMatch(/was made with the model scenes without cross\.0, and this is scenes/);
  });
});

test('in a session: set takes parts out, unset puts them back, and a caption is that of its model', async () => {
  const lines = [
    `open ${BOOK}`,
    'caption --jsonl',
    'set ablate mlp.cross.2',
    'caption --jsonl',
    'lens --jsonl',
    'set ablate cross.7',
    'caption --jsonl',
    'unset ablate',
    'caption --jsonl',
  ];
  const { stdout, stderr } = await coca(['repl'], { input: `${lines.join('\n')}\n` });
  const results = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(results.map(({ ablated }) => ablated)).toEqual([undefined, ['mlp.cross.2'], ['mlp.cross.2'], undefined]);
  expect(results[1].score).not.toBe(results[0].score);
  expect(results[2].caption).toBe(results[1].caption);
  expect(results[3].score).toBe(results[0].score);
  expect(stderr).toContain("there is no site 'cross.7' in this model");
});
