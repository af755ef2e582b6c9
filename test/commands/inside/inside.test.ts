import { describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const CAPTION = 'a small book on a pink background';

const json = async (...args: string[]) => {
  const { stdout, stderr } = await coca([...args, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout)[0];
};

describe('lens', () => {
  test('JSON: a cell for each layer and word, the last layer as the model says it', async () => {
    const result = await json('lens', BOOK, CAPTION);
    expect(result).toMatchObject({ image: BOOK, caption: CAPTION, model: 'scenes', device: 'cpu' });
    expect(result.positions).toEqual(['<start>', ...CAPTION.split(' ').slice(0, -1)]);
    expect(result.predicts).toEqual(CAPTION.split(' '));
    expect(result.names).toEqual(['text', 'cross.0', 'cross.1', 'cross.2']);
    expect(result.layers.length).toBe(4);
    const { tokens } = await json('attend', BOOK, CAPTION);
    for (const [i, { logprob }] of tokens.entries()) {
      expect(Math.log(result.layers[3][i].probability)).toBeCloseTo(logprob, 4);
      for (const layer of result.layers) {
        const { rank, probability, entropy, top } = layer[i];
        expect(top.length).toBe(5);
        const isFirst = top[0].text === result.predicts[i];
        expect(rank === 1).toBe(isFirst);
        if (isFirst) expect(top[0].probability).toBeCloseTo(probability, 6);
        expect(entropy).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test('--special also has what ends the caption', async () => {
    const { positions, predicts } = await json('lens', BOOK, 'a book', '--special');
    expect(positions).toEqual(['<start>', 'a', 'book']);
    expect(predicts).toEqual(['a', 'book', '<end>']);
  });

  test('piped: a line a cell, of the caption that is found', async () => {
    const { stdout } = await coca(['lens', BOOK]);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.length).toBe(4 * CAPTION.split(' ').length);
    expect(rows.every((row) => row.length === 6)).toBe(true);
    expect(rows.at(-1)).toEqual(['cross.2', 'background', '1', expect.any(String), expect.any(String), 'background']);
  });
});

describe('heads', () => {
  test('JSON: every head of cross-attention, the largest cost first; a cost is what the model without it says less', async () => {
    const { words, heads, with: stand } = await json('heads', BOOK, CAPTION);
    expect(words.map(({ text }: { text: string }) => text)).toEqual(CAPTION.split(' '));
    expect(stand).toBe('zero');
    expect(heads.length).toBe(18);
    const largest = heads.map((head: { words: number[] }) => Math.max(...head.words));
    expect(largest).toEqual([...largest].sort((a, b) => b - a));
    const { tokens } = await json('attend', BOOK, CAPTION, '--ablate', heads[0].site);
    for (const [i, cost] of heads[0].words.entries()) {
      expect(cost).toBeCloseTo(words[i].logprob - tokens[i].logprob, 4);
    }
  });

  test('--word: the costs of that word as among all', async () => {
    const all = await json('heads', BOOK, CAPTION, '--sites', 'self');
    const one = await json('heads', BOOK, CAPTION, '--sites', 'self', '--word', 'book');
    expect(one.words).toEqual([all.words[2]]);
    for (const { site, words } of one.heads) {
      const same = all.heads.find((head: { site: string }) => head.site === site);
      expect(words[0]).toBeCloseTo(same.words[2], 4);
    }
  });

  test('--sites all: the heads of every tower', async () => {
    const { heads } = await json('heads', BOOK, 'a book', '--sites', 'all', '--word', '2');
    const towers = heads.map(({ site }: { site: string }) => site.split('.')[0]);
    expect(new Set(towers)).toEqual(new Set(['vision', 'pooler', 'text', 'self', 'cross']));
    expect(heads.length).toBe(30 + 6 + 18 + 18 + 18);
  });

  test('--ablate-with says what stands in for a head', async () => {
    const zero = await json('heads', BOOK, 'a book');
    const mean = await json('heads', BOOK, 'a book', '--ablate-with', 'mean', '--ablate-over', BOOK);
    expect(mean.with).toBe('mean');
    expect(mean.ablated).toBeUndefined();
    expect(mean.heads).not.toEqual(zero.heads);
  });

  test('piped: HEAD, WORD and COST, the largest first', async () => {
    const { stdout } = await coca(['heads', BOOK, 'a small book', '--sites', 'pooler']);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.length).toBe(6 * 3);
    const costs = rows.map(([, , cost]) => Number(cost));
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    expect(rows[0]![0]).toMatch(/^pooler\.h\d$/);
  });

  test.each([
    [['--word', 'zebra'], /--word: 'zebra' is not in the caption/],
    [['--sites', 'decoder'], /--sites/],
    [['--beams', '3'], /--beams shapes a caption that is searched for/],
  ])('%j is refused', async (options, refusal) => {
    const { code, stderr } = await coca(['heads', BOOK, 'a book', ...options]);
    expect(code).toBe(64);
    expect(stderr).toMatch(refusal);
  });
});

test.each(['lens', 'heads'])('%s: a picture that is not there, and a caption that is too long', async (command) => {
  const missing = await coca([command, 'nothing.png', '--json']);
  expect(missing.code).toBe(2);
  expect(JSON.parse(missing.stdout)[0].error.code).toBe('not-found');
  const long = await coca([command, BOOK, 'a book '.repeat(60)]);
  expect(long.code).not.toBe(0);
  expect(long.stderr).toMatch(/context/);
});
