import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSafetensors } from '../../../src/model/checkpoint/index.js';
import { writeScenes } from '../../../src/model/scenes/world/folder.js';
import { initModel } from '../../../src/model/store/init.js';
import { grayAnimation } from '../../support/animation.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { pngOf } from '../../support/png.js';

const BOOK = fixture('scenes/0001.png');

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
interface Row {
  readonly image: string;
  readonly longest: string;
  readonly groups: readonly { readonly object: string }[];
  readonly frames: readonly { readonly boxes: readonly Record<'x0' | 'y0' | 'x1' | 'y1', number>[] }[];
}
let rows: Row[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-video-'));
  await writeScenes({ folder: at('moving'), count: 4, seed: 3, size: 96, heldOut: false, frames: 8 });
  const lines = readFileSync(at('moving', 'captions.jsonl'), 'utf8').trim().split('\n');
  rows = lines.map((line) => JSON.parse(line) as Row);
  mkdirSync(at('frames'));
  // Of different sizes, in the order of their names.
  for (const [i, side] of [24, 40, 96].entries()) {
    writeFileSync(at('frames', `${i}.png`), pngOf(side, side, 8, 0, Buffer.alloc(side * side, 60 * i)));
  }
  mkdirSync(at('empty'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = async (...args: string[]) => {
  const { stdout, stderr } = await coca([...args, '--json']);
  expect(stderr.split('\n').filter((line) => line.startsWith('coca:'))).toEqual([]);
  return JSON.parse(stdout) as Record<string, never>[];
};

test('an animation is a picture, its first frame, unless --frames makes it a clip', async () => {
  const clip = at('moving', rows[0]!.image);
  const [picture] = await json('embed', clip);
  expect(picture).not.toHaveProperty('frames');
  const [moving] = await json('embed', clip, '--frames', '4');
  expect(moving!.frames).toEqual([1, 3, 5, 7].map((index) => ({ index, time: index / 8 })));
  expect(moving!.embedding).not.toEqual(picture!.embedding);
});

test('a clip of one frame is that picture, to the last digit', async () => {
  mkdirSync(at('one'), { recursive: true });
  writeFileSync(at('one', 'a.png'), readFileSync(BOOK));
  const [clip, picture] = [await json('embed', at('one'), '--frames', '8'), await json('embed', BOOK)];
  expect(clip[0]!.embedding).toEqual(picture[0]!.embedding);
  const [line, other] = [await coca(['caption', at('one'), '--frames', '8']), await coca(['caption', BOOK])];
  expect(line.stdout).toBe(other.stdout);
});

test('a folder is its pictures, and with --frames one clip, of pictures of whatever size', async () => {
  expect((await json('caption', at('frames'))).map(({ image }) => image)).toHaveLength(3);
  const found = await json('caption', `${at('frames')}/`, '--frames', '2');
  expect(found).toEqual([
    expect.objectContaining({
      image: at('frames'),
      frames: [
        { index: 0, time: null },
        { index: 2, time: null },
      ],
    }),
  ]);
  // Named alone, its caption stands alone.
  expect((await coca(['caption', at('frames'), '--frames', '2'])).stdout).toBe(`${found[0]!.caption}\n`);
});

test('captions, ranks, labels and batches are of the clip', async () => {
  const clips = rows.map(({ image }) => at('moving', image));
  const alone = await json('caption', ...clips, '--frames', '4');
  for (const [i, { caption }] of alone.entries()) expect(caption).toContain(rows[i]!.groups[0]!.object);
  const together = await json('caption', ...clips, BOOK, '--frames', '4', '--batch', '3');
  expect(together.slice(0, 4).map(({ caption }) => caption)).toEqual(alone.map(({ caption }) => caption));
  expect(together[4]).not.toHaveProperty('frames');
  const [thing, other] = [rows[0]!.groups[0]!.object, rows[1]!.groups[0]!.object];
  const [ranked] = await json('rank', clips[0]!, `a ${other}`, `a ${thing}`, '--frames', '4', '--attend');
  expect(ranked).toMatchObject({ results: [{ caption: `a ${thing}` }, {}], attention: { frames: Array(4).fill({}) } });
  const [labelled] = await json('classify', clips[0]!, '--labels', `${other},${thing}`, '--frames', '4');
  expect(labelled).toMatchObject({ frames: Array(4).fill({}), results: [{ label: thing }, {}] });
}, 60_000);

test('search takes a clip as its query', async () => {
  const env = { COCA_CACHE: at('cache') };
  const { stdout } = await coca(['search', at('moving', rows[2]!.image), at('moving'), '--frames', '8'], { env });
  expect(stdout.split('\t')[0]).toBe(at('moving', rows[2]!.image));
}, 60_000);

describe('attend', () => {
  test('the map of the thing follows it through the frames, and is one over all of them', async () => {
    let hits = 0;
    for (const { image, longest, groups, frames } of rows) {
      const word = groups[0]!.object.split(' ').at(-1)!;
      const [found] = await json('attend', at('moving', image), longest, '--frames', '8', '--token', word);
      const [token] = found!.tokens as {
        frames: { index: number; share: number; peak: { x: number; y: number }; map: number[][] }[];
      }[];
      const sum = token!.frames.flatMap(({ map }) => map.flat()).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 5);
      expect(token!.frames.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 5);
      for (const { index, peak } of token!.frames) {
        const { x0, y0, x1, y1 } = frames[index]!.boxes[0]!;
        const [x, y] = [96 * peak.x, 96 * peak.y];
        if (x0 <= x && x <= x1 && y0 <= y && y <= y1) hits += 1;
      }
    }
    // Measured: all 32.
    expect(hits).toBeGreaterThanOrEqual(28);
  }, 120_000);

  test('plain lines name the frame of the peak; files are an overlay a word and frame', async () => {
    const clip = at('moving', rows[0]!.image);
    const out = at('maps');
    const { stdout } = await coca(['attend', clip, 'an octopus', '--frames', '2', '-o', out]);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[4]),
    ).toEqual([expect.stringMatching(/^[26]$/), expect.stringMatching(/^[26]$/)]);
    const overlays = ['01-an-0002.png', '01-an-0006.png', '02-octopus-0002.png', '02-octopus-0006.png'];
    expect(readdirSync(out).sort()).toEqual([
      ...overlays,
      'attention.json',
      'attention.safetensors',
      'contact.png',
      'words.tsv',
    ]);
    expect(JSON.parse(readFileSync(join(out, 'attention.json'), 'utf8'))).toMatchObject({
      frames: [{ index: 2 }, { index: 6 }],
      files: overlays,
    });
    const { tensors } = await openSafetensors(join(out, 'attention.safetensors'));
    expect(tensors.get('maps')!.shape.slice(0, 2)).toEqual([2, 2]);
    expect(tensors.get('vision')!.shape.slice(1, 3)).toEqual([2, 1]);
    // What --force removes are all of them.
    expect((await coca(['attend', BOOK, 'a book', '-o', out, '--force'])).code).toBe(0);
    expect(readdirSync(out).filter((name) => name.includes('octopus'))).toEqual([]);
  }, 60_000);

  test.each([
    [['--method', 'occlusion'], '--method occlusion is for pictures, and this is a clip'],
    [['--html', 'x.html'], '--html is for pictures, and this is a clip'],
  ])('%j is refused', async (option, message) => {
    const { code, stderr } = await coca(['attend', at('frames'), '--frames', '2', ...option]);
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)]);
  });
});

test('a session opens clips once it is told how many frames they have, and looks at them', async () => {
  const clip = at('moving', rows[0]!.image);
  const input = `set frames 4\nopen ${at('frames')}\nopen ${clip}\ncaption --json\nrank ${rows[0]!.longest} | a dog\nquit\n`;
  const { stdout, stderr } = await coca(['repl'], { input });
  expect(stderr).toBe('coca: frames is 4 from now on\n');
  expect(stdout).toContain('"frames":[{"index":1,"time":0.125}');
  expect(stdout).toContain(rows[0]!.longest);
}, 60_000);

test('a model without a pooler: the mean of the embeddings, all image tokens, and one clip at a time', async () => {
  const model = at('unpooled');
  const config = {
    embed_dim: 16,
    vision_cfg: { image_size: 16, patch_size: 8, width: 32, head_width: 16, layers: 1 },
    text_cfg: {
      context_length: 20,
      vocab_size: 49408,
      width: 32,
      heads: 2,
      layers: 1,
      embed_cls: true,
      output_tokens: true,
    },
    multimodal_cfg: { context_length: 20, vocab_size: 49408, width: 32, heads: 2, layers: 1 },
  };
  writeFileSync(at('config.json'), JSON.stringify({ model_cfg: config }));
  await initModel({ config: at('config.json'), output: model, seed: 1, dtype: 'F32' });
  const names = [0, 1, 2].map((i) => at('frames', `${i}.png`));
  const frames = (await json('embed', ...names, '--model', model)).map(({ embedding }) => embedding as number[]);
  const [clip] = await json('embed', at('frames'), '--frames', '3', '--model', model);
  const mean = frames[0]!.map((_, i) => frames.reduce((sum, row) => sum + row[i]!, 0) / 3);
  const length = Math.hypot(...mean);
  for (const [i, value] of (clip!.embedding as number[]).entries()) expect(value).toBeCloseTo(mean[i]! / length, 5);
  const { code, stderr } = await coca(['caption', at('frames'), '--frames', '3', '--batch', '2', '--model', model]);
  expect([code, stderr]).toEqual([64, expect.stringContaining('this model has no attentional pooler')]);
  const options = ['--max-length', '6', '--min-length', '0', '--model', model];
  expect(await json('caption', at('frames'), '--frames', '3', ...options)).toMatchObject([
    { frames: Array(3).fill({}) },
  ]);
}, 60_000);

describe('what cannot be used', () => {
  test.each([
    ['0', '--frames must be between 1 and 64, not 0'],
    ['10000', '--frames must be between 1 and 64, not 10000'],
  ])('--frames %s', async (frames, message) => {
    const { code, stderr } = await coca(['caption', BOOK, '--frames', frames]);
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)]);
  });

  test.each([
    [['caption', 'FRAMES', '--frames', '2', '--recursive'], 64, '--recursive means nothing'],
    [['caption', 'FRAMES', '--frames', '2', '--ground'], 64, '--ground asks what words owe to a picture'],
    [['caption', 'EMPTY', '--frames', '2'], 2, 'there are no pictures in'],
    [['scenes', 'new', '--frames', '8', '--questions'], 64, '--questions means nothing with --frames'],
    [['scenes', 'new', '--frames', '8', '--size', '32'], 64, '--frames needs pictures of 64 pixels'],
  ])('%j', async (args, expected, message) => {
    const words = args.map((word) => word.replace('FRAMES', at('frames')).replace('EMPTY', at('empty')));
    const { code, stderr } = await coca(words, { cwd: folder });
    expect([code, stderr]).toEqual([expected, expect.stringContaining(message)]);
  });

  test('an animation with a broken second frame is a picture, and fails as a clip beside others that do not', async () => {
    const broken = fixture('pictures/gif-second-frame-cut.gif');
    expect((await coca(['caption', broken])).code).toBe(0);
    const { code, stderr } = await coca(['caption', broken, BOOK, '--frames', '2']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot decode this GIF')]);
  });

  test('a video without ffmpeg says what is missing; a command that takes none says so', async () => {
    writeFileSync(at('clip.mp4'), Buffer.from('\0\0\0\x14ftypisom\0\0\0\0isom', 'latin1'));
    const missing = await coca(['caption', at('clip.mp4'), '--json'], { env: { PATH: at('empty') } });
    expect([missing.code, JSON.parse(missing.stdout)]).toMatchObject([2, [{ error: { code: 'missing-program' } }]]);
    expect(missing.stderr).toContain('install ffmpeg');
    const refused = await coca(['step', at('clip.mp4'), '--script', 'run']);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('it is a video (caption, rank, classify'),
    ]);
    const piped = await coca(['caption', '-'], { input: readFileSync(at('clip.mp4')) });
    expect(piped.stderr).toContain('take videos, from files');
  });
});

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

test.skipIf(!hasFfmpeg)(
  'a video, where there is ffmpeg: 8 frames, and the caption of what it shows',
  async () => {
    const gray = await grayAnimation('gif', [0, 50, 100]);
    writeFileSync(at('gray.gif'), gray);
    spawnSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-loop',
      '1',
      '-i',
      BOOK,
      '-t',
      '1',
      '-r',
      '10',
      '-c:v',
      'mpeg4',
      '-q:v',
      '2',
      at('book.mp4'),
    ]);
    const [found] = await json('caption', at('book.mp4'));
    expect(found!.frames).toHaveLength(8);
    expect(`${found!.caption}\n`).toBe((await coca(['caption', BOOK])).stdout);
    writeFileSync(at('cut.mp4'), readFileSync(at('book.mp4')).subarray(0, 900));
    const { code, stderr } = await coca(['caption', at('cut.mp4')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('damaged, cut short')]);
  },
  60_000,
);
