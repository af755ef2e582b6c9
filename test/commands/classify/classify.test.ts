import { describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');

interface Result {
  readonly label: string;
  readonly cosine: number;
  readonly probability: number;
  readonly rank: number;
}

async function classify(...args: string[]): Promise<{ image: string; results: Result[] }[]> {
  const { code, stdout, stderr } = await coca(['classify', ...args, '--json', '--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('classify', () => {
  test('with one template it is what rank says of the same texts', async () => {
    const [found] = await classify(BOOK, '--labels', 'taxi,book, elephant', '--template', 'a small {}');
    const rank = await coca([
      'rank',
      BOOK,
      'taxi',
      'book',
      'elephant',
      '--template',
      'a small {}',
      '--json',
      '--quiet',
    ]);
    const [ranked] = JSON.parse(rank.stdout);
    expect(found!.image).toBe(BOOK);
    expect(found!.results.map(({ label }) => label)).toEqual(
      ranked.results.map(({ caption }: { caption: string }) => caption),
    );
    for (const [i, { cosine, probability }] of found!.results.entries()) {
      expect(cosine).toBeCloseTo(ranked.results[i].cosine, 5);
      expect(probability).toBeCloseTo(ranked.results[i].probability, 4);
    }
  });

  test('several templates: the mean direction of their embeddings', async () => {
    const [found] = await classify(TAXI, '--labels', 'taxi', '--template', 'a {}', '--template', 'a red {}');
    const { stdout } = await coca(['embed', TAXI, '--text', 'a taxi', 'a red taxi', '--json', '--quiet']);
    const [image, one, two] = JSON.parse(stdout).map(({ embedding }: { embedding: number[] }) => embedding);
    const sum = one.map((value: number, i: number) => value + two[i]);
    const cosine =
      sum.reduce((total: number, value: number, i: number) => total + value * image[i], 0) / Math.hypot(...sum);
    expect(found!.results[0]!.cosine).toBeCloseTo(cosine, 5);
    expect(found!.results[0]!.probability).toBe(1);
  });

  test('many pictures, lines, the best only; one that fails', async () => {
    const { code, stdout, stderr } = await coca(
      ['classify', BOOK, 'missing.png', TAXI, '--labels-file', '-', '--top', '1', '--batch', '2', '--quiet'],
      { input: 'book\ntaxi\n\nbook\n' },
    );
    expect(code).toBe(1);
    expect(stdout.replace(/\t[\d.e-]+$/gm, '')).toBe(`${BOOK}\tbook\n${TAXI}\ttaxi\n`);
    expect(stderr).toBe('coca: no such file: missing.png\n');
  });

  test.each([
    [[BOOK], 64, 'there are no labels to choose from'],
    [[BOOK, '--labels', ' , '], 2, 'all labels are empty'],
    [
      [BOOK, '--labels', 'a,b', '--template', 'a photo'],
      64,
      "--template 'a photo' has no {} for the name of the class",
    ],
    [['--labels', 'a,b'], 64, 'IMAGE is missing'],
  ])('%j', async (args, code, message) => {
    const result = await coca(['classify', ...args]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });
});
