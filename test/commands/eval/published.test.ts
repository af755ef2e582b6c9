import { describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const { at, write } = temporaryFolder();
const scene = (number: number) => fixture(`scenes/000${number}.png`);
const BOOK = 'a small book on a pink background';
const SQUARE = 'a brown square on a blue background';
const TAXI = 'a small taxi on a red background';
const SWAN = 'a large swan on a gray background';

const jsonl = (lines: readonly object[]) => `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
async function measured(...args: string[]) {
  const { code, stdout, stderr } = await coca(['eval', ...args, '--json', '-q']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('eval --winoground', () => {
  const pair = (first: number, second: number, captions: [string, string], collapsed_tag: string) => ({
    id: first,
    image_0: scene(first),
    image_1: scene(second),
    caption_0: captions[0],
    caption_1: captions[1],
    collapsed_tag,
  });

  test('the scores of the paper, by both and by kinds', async () => {
    // The second pair has its captions the wrong way round: all of its scores are 0.
    write('pairs.jsonl', jsonl([pair(1, 3, [BOOK, TAXI], 'Object'), pair(2, 4, [SWAN, SQUARE], 'Both')]));
    const [report, ...others] = await measured('--winoground', at('pairs.jsonl'));
    expect(others).toEqual([]);
    const names = ['text_score', 'image_score', 'group_score'].flatMap((name) => [name, `${name}_caption`]);
    const all = (suffix: string, value: number) => Object.fromEntries(names.map((name) => [name + suffix, value]));
    expect(report).toEqual({
      dataset: 'pairs.jsonl',
      model: 'scenes',
      pretrained: 'scenes',
      task: 'winoground',
      metrics: { ...all('', 0.5), ...all('_of_Object', 1), ...all('_of_Both', 0) },
      language: 'en',
      samples: 2,
    });
    const [limited] = await measured(at('pairs.jsonl'), '--winoground', '--limit', '1', '--batch', '1');
    expect(limited).toMatchObject({ samples: 1, metrics: all('', 1) });
  });

  test('of a pair whose picture cannot be read, nothing counts; names without an ending are those of .png', async () => {
    const gone = { image_0: 'gone', image_1: scene(3), caption_0: BOOK, caption_1: TAXI };
    write('pairs.jsonl', jsonl([gone, pair(1, 3, [BOOK, TAXI], '')]));
    const { code, stdout, stderr } = await coca(['eval', at('pairs.jsonl'), '--winoground', '--jsonl']);
    expect(code).toBe(1);
    expect(stderr).toContain('gone.png');
    expect(JSON.parse(stdout)).toMatchObject({ samples: 1, metrics: { group_score: 1 } });
  });

  test.each([
    [
      'a line without a caption',
      jsonl([{ image_0: 'a', image_1: 'b', caption_0: 'c' }]),
      [],
      2,
      /line 1: no text "caption_1"/,
    ],
    ['no JSON', 'a dog\n', [], 2, /line 1/],
    ['nothing', '', [], 2, /no samples/],
    ['another measure', '', ['--retrieval'], 64, /exclude each other/],
  ])('%s', async (_, text, args, code, message) => {
    write('pairs.jsonl', text);
    const ran = await coca(['eval', at('pairs.jsonl'), '--winoground', ...args]);
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  });
});

describe('captions in several languages', () => {
  const images = [1, 2, 3].map(scene);
  const right = [BOOK, SQUARE, TAXI];
  const recalls = (metrics: Record<string, number>) => [
    metrics['image_retrieval_recall@1'],
    metrics['text_retrieval_recall@1'],
  ];

  test("CLIP_benchmark's files, one a language: a report for each, over the pictures that it has", async () => {
    write('set_captions-en.json', JSON.stringify({ image_paths: images, annotations: right, indicies: [0, 1, 2] }));
    // Two are told of each other's pictures: of three, one is found.
    const swapped = [BOOK, TAXI, SQUARE];
    write('set_captions-de.json', JSON.stringify({ image_paths: images, annotations: swapped }));
    write('set_captions-jp.json', JSON.stringify({ image_paths: images.slice(0, 1), annotations: [[BOOK, SWAN]] }));
    const reports = await measured(at('set_captions-*.json'), '--retrieval');
    expect(
      reports.map(
        ({ language, samples, metrics }: { language: string; samples: number; metrics: Record<string, number> }) => [
          language,
          samples,
          ...recalls(metrics),
        ],
      ),
    ).toEqual([
      ['de', 3, 1 / 3, 1 / 3],
      ['en', 3, 1, 1],
      ['jp', 1, 1, 1],
    ]);
    const [alone] = await measured(at('set_captions-en.json'), '--retrieval');
    expect(alone).toEqual({ ...reports[1], dataset: 'set_captions-en.json' });
    const plain = await coca(['eval', at('set_captions-*.json'), '--retrieval', '-q']);
    expect(plain.stdout).toMatch(/^zeroshot_retrieval\timage_retrieval_recall@1_of_de\t0\.333/);
  });

  test('captions by language in a .jsonl', async () => {
    const lines = images.map((image, i) => ({ image, captions: { en: right[i], de: [right[(i + 1) % 3]] } }));
    write('both.jsonl', jsonl(lines));
    const reports = await measured(at('both.jsonl'), '--retrieval');
    expect(reports.map(({ language }: { language: string }) => language)).toEqual(['de', 'en']);
    expect(reports.map(({ metrics }: { metrics: Record<string, number> }) => recalls(metrics))).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test.each([
    ['captions.json', { image_paths: ['a'], annotations: ['b'] }, /tells no language/],
    ['a-de.json', { image_paths: ['a'], annotations: [] }, /not as many/],
    ['a-de.json', { image_paths: ['a'], annotations: [1] }, /annotations\[0\] is no text/],
    ['a-de.json', { image_paths: [1], annotations: ['a'] }, /image_paths\[0\] is no text/],
    ['a-de.json', { image_paths: [], annotations: [] }, /no samples/],
  ])('%s as %j', async (name, json, message) => {
    write(name, JSON.stringify(json));
    const ran = await coca(['eval', at(name), '--retrieval']);
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });
});
