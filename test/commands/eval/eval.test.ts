import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildTar } from '../../model/data/build-tar.js';
import { coca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const { at, write } = temporaryFolder();
const BOOK = fixture('scenes/0001.png');

describe('scenes and eval', () => {
  test('a folder of scenes is written and measured', async () => {
    const made = await coca([
      'scenes',
      at('s'),
      '--count',
      '6',
      '--seed',
      '2',
      '--held-out',
      '--size',
      '96',
      '--jsonl',
      '-q',
    ]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toEqual({ folder: at('s'), count: 6, seed: 2, size: 96, heldOut: true });
    const again = await coca(['scenes', at('s')]);
    expect(again).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/holds scenes\.json already/) });

    const args = ['--captioning', '--retrieval', '--json', '-q', '--predictions', at('p.jsonl')];
    const measured = await coca(['eval', at('s', 'scenes.json'), ...args]);
    expect(measured).toMatchObject({ code: 0, stderr: '' });
    const reports = JSON.parse(measured.stdout);
    expect(reports).toHaveLength(2);
    expect(reports[0]).toEqual({
      dataset: 'scenes.json',
      model: 'scenes',
      pretrained: 'scenes',
      task: 'captioning',
      language: 'en',
      samples: 6,
      metrics: expect.objectContaining({
        true_captions: expect.any(Number),
        Bleu_4: expect.any(Number),
        CIDEr: expect.any(Number),
      }),
    });
    expect(reports[1]).toMatchObject({
      task: 'zeroshot_retrieval',
      metrics: expect.objectContaining({
        'image_retrieval_recall@5': expect.any(Number),
        'text_retrieval_recall@1': expect.any(Number),
      }),
    });
    const predictions = readFileSync(at('p.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(predictions).toHaveLength(6);
    const trueOnes = predictions.filter((one) => one.true).length;
    expect(reports[0].metrics.true_captions).toBeCloseTo(trueOnes / 6, 10);

    const pointing = await coca(['eval', at('s', 'scenes.json'), '--pointing', '--seeds', '1', '-q', '--jsonl']);
    expect(pointing.code).toBe(0);
  });

  test('without the art, scenes says where to get it', async () => {
    const { code, stderr } = await coca(['scenes', at('s'), '--art', at('none')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/1f415\.png \(the picture of "dog"\) cannot be read/);
    expect(stderr).toMatch(/npm install emoji-datasource-google@16\.0\.0 \(Noto Emoji, Apache License 2\.0\)/);
  });

  test('--tracing: where what differs comes back, layer by layer; the same for the same seed', async () => {
    const args = ['eval', '--tracing', '--pairs', '1', '--seed', '3', '--window', '2', '-q', '--jsonl'];
    const { code, stdout } = await coca(args);
    expect(code).toBe(0);
    const layers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(layers.map(({ site }) => site)).toEqual([
      ...Array.from({ length: 5 }, (_, i) => `vision.${i}`),
      'image',
      ...Array.from({ length: 3 }, (_, i) => `cross.${i}`),
    ]);
    for (const { of, pairs, hits, most } of layers) {
      expect([of, pairs]).toEqual([1, 1]);
      expect(most).toBeGreaterThan(0);
      expect([0, 1, null]).toContain(hits);
    }
    // After the last block nothing else can be.
    expect(layers.at(-1)).toMatchObject({ places: 'rows', hits: 1 });
  }, 120_000);

  test('piped, a metric is a line', async () => {
    const { code, stdout } = await coca(['eval', '--ranking', '--limit', '4', '-q']);
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(lines.map(([task, name]) => [task, name])).toEqual([
      ['image_caption_selection', 'acc'],
      ['image_caption_selection', 'acc_caption'],
    ]);
    for (const [, , value] of lines) expect(Number(value)).toBeGreaterThanOrEqual(0);
  });

  test('classes come from folders or a file, and the path of the data may be a pattern', async () => {
    for (const name of ['book', 'brown_circle'])
      write(`c/${name}/a.png`, readFileSync(name === 'book' ? BOOK : fixture('scenes/0002.png')));
    const zeroShot = (...args: string[]) =>
      coca(['eval', ...args, '--zero-shot', '--template', 'a {}', '--jsonl', '-q']);
    const folders = await zeroShot(at('c'));
    expect(JSON.parse(folders.stdout)).toMatchObject({
      dataset: 'c',
      task: 'zeroshot_classification',
      metrics: { acc1: 1, acc5: null, mean_per_class_recall: 1 },
    });
    write('names.txt', 'key\nbrown circle\nbook\n');
    write('part-0.jsonl', JSON.stringify({ image: BOOK, label: 2 }));
    write('part-1.jsonl', JSON.stringify({ image: fixture('scenes/0002.png'), label: 'brown circle' }));
    const numbered = await zeroShot(at('part-{0,1}.jsonl'), '--classes', at('names.txt'));
    expect(JSON.parse(numbered.stdout)).toMatchObject({ samples: 2, metrics: { acc1: 1 } });
  });

  test('nothing of a data set is lost without a line and the exit code', async () => {
    const picture = readFileSync(BOOK);
    const caption = 'a small book on a pink background';
    const shard = buildTar([
      { name: 'a.png', content: picture },
      { name: 'a.json', content: `{"caption": "${caption}", "similarity": NaN}` },
      { name: 'a.png', content: picture },
      { name: 'a.txt', content: caption },
      { name: 'b.png', type: '1' },
      { name: 'b.txt', content: caption },
    ]);
    write('s-0.tar', shard);
    write('s-1.tar', Buffer.concat([shard, shard]));
    const run = await coca(['eval', at('s-{0,1}.tar'), '--retrieval', '--perplexity', '--jsonl', '-q']);
    expect(run.code).toBe(1);
    const lines = run.stderr.replaceAll(at(), '').trimEnd().split('\n');
    expect(lines.filter((line) => line.endsWith('a.png is in the shard a second time'))).toHaveLength(2);
    expect(lines.filter((line) => line.endsWith('b.png is a hard link, not a plain file'))).toHaveLength(2);
    expect(lines.filter((line) => /s-1\.tar: the archive ends at byte \d+, but there is more/.test(line))).toHaveLength(
      1,
    );
    expect(lines.at(-1)).toBe('coca: failed: 5 (samples in all: 6)');
    for (const line of run.stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toMatchObject({ samples: 2 });
    // Samples of one name are as many as they are, however many measures refuse them.
    write('same.jsonl', [caption, '', ''].map((text) => JSON.stringify({ image: BOOK, caption: text })).join('\n'));
    const same = await coca(['eval', at('same.jsonl'), '--retrieval', '--perplexity', '-q']);
    expect(same.code).toBe(1);
    expect(same.stderr).toMatch(/^coca: failed: 2 \(samples in all: 3\)$/m);
  });

  test('a broken sample costs the exit code, not the others', async () => {
    write('d.csv', `path,title\n${BOOK},a small book\ngone.png,a dog\n`);
    const run = await coca(['eval', at('d.csv'), '--image-field', 'path', '--retrieval', '--jsonl', '-q']);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/row 2: no such file: .*gone\.png/);
    expect(run.stderr).toMatch(/^coca: failed: 1 \(samples in all: 2\)$/m);
    expect(JSON.parse(run.stdout)).toMatchObject({ samples: 1 });
    write('none.csv', 'path,title\ngone.png,a dog\n');
    const none = await coca([
      'eval',
      at('none.csv'),
      '--image-field',
      'path',
      '--retrieval',
      '--predictions',
      at('p'),
      '-q',
    ]);
    expect(none.code).toBe(64); // predictions are captions
    const nothing = await coca(['eval', at('none.csv'), '--image-field', 'path', '--retrieval', '-q']);
    expect(nothing).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/no sample that zeroshot_retrieval/),
    });
  });

  test.each([
    [['eval'], /say what to measure/],
    [['eval', '--pointing', '--captioning'], /--pointing and --captioning exclude each other/],
    [['eval', '--pointing', '--limit', '3'], /--pointing and --limit exclude/],
    [['eval', '--captioning', '--heads'], /--heads means nothing without --pointing/],
    [['eval', '--captioning', '--window', '2'], /--window means nothing without --pointing or --tracing/],
    [['eval', '--pointing', '--pairs', '2'], /--pairs means nothing without --tracing/],
    [['eval', '--pointing', '--tracing'], /--pointing and --tracing exclude each other/],
    [['eval', '--ranking', '--tracing'], /--tracing and --ranking exclude each other/],
    [['eval', '--ranking', '--seed', '3'], /--seed means nothing without --captioning or --tracing/],
    [['eval', 'x', '--tracing'], /--tracing takes no DATA/],
    [['eval', '--ranking', '--strategy', 'greedy'], /--strategy means nothing without --captioning/],
    [['eval', '--captioning', '--strategy', 'bean'], /takes beam, greedy or sample/],
    [['eval', '--retrieval', '--classes', 'x'], /--classes means nothing without --zero-shot/],
    [['eval', '--zero-shot'], /DATA is missing/],
    [['eval', 'x', '--zero-shot', '--template', 'a photo'], /has no \{\}/],
    [['eval', '--captioning', '--image-field', 'x'], /image field means nothing to a \.json/],
  ])('%j is wrong usage', async (args, message) => {
    expect(await coca(args)).toMatchObject({ code: 64, stdout: '', stderr: expect.stringMatching(message) });
  });

  test.each([
    ['none.jsonl', undefined, /no such file/],
    ['data.bin', 'x', /unknown format/],
    ['empty.jsonl', '', /no samples/],
    ['t.csv', 'a,b\n1,2\n', /no column "filepath"/],
  ])('%s is no data set', async (name, content, message) => {
    if (content !== undefined) write(name, content);
    expect(await coca(['eval', at(name), '--captioning', '-q'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });
});
