import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commonWords, worldConcepts } from '../../../src/model/explaining/concepts.js';
import { explanationLines } from '../../../src/ui/explain-view.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');

let folder: string;
let env: { COCA_CACHE: string };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-explain-'));
  env = { COCA_CACHE: join(folder, 'cache') };
  writeFileSync(join(folder, 'few.txt'), 'a taxi\na book\na swan\n\na book\nred background\n');
  writeFileSync(join(folder, 'one.txt'), 'a taxi\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('lists: common words of English, once each; the words of the scenes', async () => {
  const { texts } = await commonWords();
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.length).toBeGreaterThan(5000);
  for (const word of ['dog', 'giraffe', 'wooden', 'running']) expect(texts).toContain(word);
  expect(worldConcepts().texts).toEqual(expect.arrayContaining(['a taxi', 'two dogs', 'pink background']));
});

test('a scene in the words of its world: what it shows leads; kept embeddings give the same', async () => {
  const args = ['explain', TAXI, '--json', '-q'];
  const first = JSON.parse((await coca(args, { env })).stdout);
  expect(first[0]).toMatchObject({ image: TAXI, list: 'the words of the scenes', centre: '48 scenes' });
  expect(first[0].concepts[0].text).toBe('a taxi');
  expect(first[0].concepts.length).toBeLessThanOrEqual(10);
  expect(first[0].cosine).toBeGreaterThan(0.8);
  const [kept] = readdirSync(join(env.COCA_CACHE, 'concepts'));
  expect(kept).toMatch(/^[0-9a-f]{32}-fp32-[0-9a-f]{16}\.safetensors$/);
  const [mean] = readdirSync(join(env.COCA_CACHE, 'mean-pictures'));
  expect(JSON.parse((await coca(args, { env })).stdout)).toEqual(first);
  // What is not as it was written is made anew, and that is told.
  const broken = [join(env.COCA_CACHE, 'concepts', kept!), join(env.COCA_CACHE, 'mean-pictures', mean!)];
  for (const path of broken) writeFileSync(path, 'torn');
  const { stdout, stderr } = await coca(['explain', TAXI, '--json'], { env });
  expect(JSON.parse(stdout)).toEqual(first);
  for (const path of broken) expect(stderr).toContain(`${path} was cut: it is made anew`);
  expect((await coca(['explain', TAXI, '--json'], { env })).stderr).not.toContain('made anew');
});

test('two pictures: the difference of their concepts, the largest first', async () => {
  const { stdout } = await coca(['explain', TAXI, BOOK, '-q', '--concepts', join(folder, 'few.txt')], { env });
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const byText = new Map(rows.map(([difference, a, b, text]) => [text, [difference, a, b].map(Number)]));
  expect(byText.get('a taxi')![0]).toBeGreaterThan(0);
  expect(byText.get('a book')![0]).toBeLessThan(0);
  for (const [difference, a, b] of byText.values()) expect(difference).toBeCloseTo(a! - b!, 3);
  const sizes = rows.map(([difference]) => Math.abs(Number(difference)));
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
});

test('--most and --centre', async () => {
  const { stdout } = await coca(['explain', TAXI, '--most', '1', '--centre', BOOK, '--json', '-q'], { env });
  const [{ concepts, centre }] = JSON.parse(stdout);
  expect(concepts).toHaveLength(1);
  expect(centre).toBe('1 pictures');
});

test.each([
  [['--concepts', 'one.txt'], 2, /fewer than two concepts/],
  [['--concepts', 'none.txt'], 2, /no such file/],
  [['--most', '0'], 64, /--most/],
])('%j is refused', async ([option, value], expected, message) => {
  const named = value!.endsWith('.txt') ? join(folder, value!) : value!;
  const { code, stderr } = await coca(['explain', TAXI, option!, named, '-q'], { env });
  expect([code, stderr]).toEqual([expected, expect.stringMatching(message)]);
});

describe('on a terminal', () => {
  const about = { list: 'few', centre: null, model: 'm', device: 'cpu', cosine: 0.9 };

  test('a bar for each, the first the longest; names are made visible', () => {
    const concepts = [
      { text: 'dog\u001b[2J', weight: 0.5 },
      { text: 'sofa', weight: 0.25 },
    ];
    const lines = explanationLines({ image: 'a.png', concepts, ...about }, 60, 'none');
    expect(lines[0]).toMatch(/^dog\\x1b\[2J +0\.500 █+$/);
    expect(lines[1]!.split('█').length).toBeLessThan(lines[0]!.split('█').length);
    expect(lines.at(-1)).toBe('few · centred on nothing · m on cpu');
  });

  test('of two, which it is more of; in any width', () => {
    const concepts = [
      { text: 'dog', weight: 0.5, other: 0, difference: 0.5 },
      { text: 'cat', weight: 0, other: 0.4, difference: -0.4 },
    ];
    const found = { image: 'a.png', other: 'b.png', other_cosine: 0.8, concepts, ...about };
    const lines = explanationLines(found, 60, 'none');
    expect(lines[0]).toMatch(/^dog +0\.500 +A +█/);
    expect(lines[1]).toMatch(/^cat +-0\.400 +B +█/);
    for (const columns of [20, 40, 80, 200]) {
      for (const line of explanationLines(found, columns, 'none'))
        expect(line.length).toBeLessThanOrEqual(Math.max(30, columns));
    }
  });
});

test('of a model without a part: other concepts, and the JSON says so', async () => {
  const line = ['explain', TAXI, '--concepts', join(folder, 'few.txt'), '--json', '-q'];
  const [whole] = JSON.parse((await coca(line, { env })).stdout);
  const [ablated] = JSON.parse((await coca([...line, '--ablate', 'vision.0,pooler'], { env })).stdout);
  expect(whole).not.toHaveProperty('ablated');
  expect(ablated).toMatchObject({ ablated: ['vision.0', 'pooler'] });
  expect(ablated.cosine).not.toBeCloseTo(whole.cosine, 3);
});
