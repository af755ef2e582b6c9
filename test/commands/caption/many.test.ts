import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCoca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

let folder: string;
let photographs: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-many-'));
  // Large enough for threads to be started; one is cut short, one is not there.
  photographs = [];
  for (let i = 0; i < 5; i++) {
    const path = join(folder, `${i}.jpg`);
    const bytes = await sharp(fixture(`scenes/000${i + 1}.png`))
      .resize(2400, 2000)
      .jpeg()
      .toBuffer();
    writeFileSync(path, i === 3 ? bytes.subarray(0, bytes.length / 2) : bytes);
    photographs.push(path);
  }
  photographs.splice(2, 0, join(folder, 'missing.jpg'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly image: string;
  readonly ids?: readonly number[];
  readonly score?: number;
  readonly error?: object;
}

const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ image, ids, score, error }) => ({ image, ids, score, error }));

test.each([
  ['auto', '--strategy', 'greedy'],
  ['2', '--beams', '3'],
])(
  'many photographs, --batch %s %s %s: what each is alone, in their order, failures in their places',
  async (batch, ...search) => {
    const run = (size: string) =>
      startCoca(['caption', ...photographs, ...search, '--batch', size, '--jsonl', '-q', '--device', 'cpu']);
    const [one, many] = [await run('1'), await run(batch)];
    expect([one.code, many.code]).toEqual([1, 1]);
    const alone = linesOf(one.stdout);
    expect(alone.map(({ image }) => image)).toEqual(photographs);
    expect(alone.map(({ error }) => error !== undefined)).toEqual([false, false, true, false, true, false]);
    const near = (score?: number) => (score === undefined ? undefined : expect.closeTo(score, 4));
    expect(linesOf(many.stdout)).toEqual(alone.map((line) => ({ ...line, score: near(line.score) })));
    expect(many.stderr).toBe(one.stderr);
  },
);

test('embed and classify take --batch auto, too; eval, whose figures name theirs, does not', async () => {
  const book = fixture('scenes/0001.png');
  for (const command of [['embed'], ['classify', '--labels', 'book,taxi']]) {
    const [one, auto] = await Promise.all(
      ['1', 'auto'].map((batch) =>
        startCoca([...command.slice(0, 1), book, ...command.slice(1), '--batch', batch, '-q']),
      ),
    );
    expect(auto).toEqual(one);
  }
  const { code, stderr } = await startCoca(['eval', '--captioning', '--batch', 'auto']);
  expect([code, stderr]).toEqual([64, expect.stringContaining("--batch takes a whole number, not 'auto'")]);
});
