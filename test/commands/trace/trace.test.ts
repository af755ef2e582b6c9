import { expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');
const CAPTION = 'a small book on a pink background';

test('JSON: what comes back of a word at every place, by the names of the contract', async () => {
  const { code, stdout } = await coca(['trace', BOOK, TAXI, CAPTION, '--word', 'book', '--json', '-q']);
  expect(code).toBe(0);
  const [{ sites, words, ...rest }] = JSON.parse(stdout);
  expect(rest).toMatchObject({ from: BOOK, to: TAXI, caption: CAPTION, word: 'book', window: 3, grid: [8, 8] });
  expect(rest).not.toHaveProperty('ablated');
  expect(words.map(({ text }: { text: string }) => text).join(' ')).toBe(CAPTION);
  for (const { from, to } of words) expect(Math.max(from, to)).toBeLessThanOrEqual(0);
  const most = (site: string) =>
    sites
      .filter((one: { site: string }) => one.site === site)
      .sort((a: { restored: number }, b: { restored: number }) => b.restored - a.restored)[0];
  // "a small" is read, and "book" is said.
  expect(most('cross.2')).toMatchObject({ position: 2, restored: expect.closeTo(1, 3) });
  // The book lies at 75..134 x 92..151 of 192: columns 3 to 5, rows 3 to 6 of patches.
  const { position, restored } = most('vision.2');
  expect(restored).toBeGreaterThan(0.5);
  expect([3, 4, 5]).toContain(position % 8);
  expect([3, 4, 5, 6]).toContain(Math.floor(position / 8));
  expect(new Set(sites.map(({ site }: { site: string }) => site)).size).toBe(9);
});

test('piped: SITE, POSITION and what comes back, the most first; of the word that B costs most', async () => {
  const { code, stdout, stderr } = await coca(['trace', BOOK, TAXI, 'a small book', '-q', '--window', '1']);
  expect([code, stderr]).toEqual([0, '']);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const shares = rows.map(([, , restored]) => Number(restored));
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  expect(rows[0]![0]).toMatch(/^(vision|cross)\.\d$/);
});

test('of a model without a part: what the rest carries, and the JSON says so', async () => {
  const line = [BOOK, 'a small book', '--ablate', 'cross.0', '--json', '-q'];
  const [traced] = JSON.parse((await coca(['trace', line[0]!, TAXI, ...line.slice(1), '--word', 'book'])).stdout);
  expect(traced).toMatchObject({ ablated: ['cross.0'] });
  // No picture is in what leaves the first block when its attention gives nothing.
  const shares = traced.sites.filter(({ site }: { site: string }) => site === 'cross.0');
  for (const { restored } of shares) expect(restored).toBeCloseTo(0, 3);
  // Under A the caption is read as it is elsewhere without that part.
  const [attended] = JSON.parse((await coca(['attend', ...line])).stdout);
  const book = attended.tokens.find(({ text }: { text: string }) => text === 'book');
  expect(traced.words.at(-1).from).toBeCloseTo(book.logprob, 4);
});

test.each([
  [['trace', BOOK, TAXI, 'a book', '--ablate', 'cross.9'], /cross\.9/],
  [['trace', BOOK, TAXI, 'a book', '--ablate-with', 'mean'], /--ablate-with means nothing without --ablate/],
  [['trace', BOOK], /A? ?B|CAPTION|missing/],
  [['trace', BOOK, TAXI], /CAPTION/],
  [['trace', BOOK, TAXI, 'a book', '--word', 'zebra'], /--word: 'zebra' is not in the caption/],
  [['trace', BOOK, TAXI, 'a book', '--window', '9'], /--window must be 1 to 8/],
])('%j is wrong usage', async (args, message) => {
  const { code, stdout, stderr } = await coca(args);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(message);
});

test('a picture that cannot be read is said before the model is loaded, whichever of the two', async () => {
  for (const names of [
    ['none.png', TAXI],
    [BOOK, 'none.png'],
  ]) {
    const { code, stderr } = await coca(['trace', ...names, 'a book', '-q']);
    expect(code).toBe(2);
    expect(stderr).toContain('none.png');
  }
});

test('a caption of more tokens than the context', async () => {
  const { code, stderr } = await coca(['trace', BOOK, TAXI, 'book '.repeat(40), '-q']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/CAPTION has \d+ tokens/);
});
