import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRange, findWord, parseHead, parseLayer } from '../../../src/commands/attend/choice.js';
import { type AttendResult, attendLines } from '../../../src/commands/attend/result.js';
import { attendSource } from '../../../src/commands/attend/screen.js';
import { freeName, safeName, savedName } from '../../../src/commands/io/save-names.js';
import { attendCaption, mapOfWord } from '../../../src/model/attention/index.js';
import { openSafetensors, readTensor } from '../../../src/model/checkpoint/index.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { initModel } from '../../../src/model/store/init.js';
import { loadCoca } from '../../../src/model/store/load.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { pngOf } from '../../support/png.js';

const BOOK = fixture('scenes/0001.png');
const CAPTION = 'a small book on a pink background';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-attend-'));
  writeFileSync(join(folder, 'dot.png'), pngOf(1, 1, 8, 2, Buffer.of(200, 30, 30)));
  writeFileSync(join(folder, 'strip.png'), pngOf(30_000, 1, 8, 0, Buffer.alloc(30_000, 90)));
  writeFileSync(join(folder, 'file'), 'mine');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const code = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('options', () => {
  test.each([
    ['mean', 'mean'],
    ['last', 'last'],
    ['0', 0],
    ['11', 11],
    ['-1', 'usage'],
    ['first', 'usage'],
    ['1.5', 'usage'],
    ['', 'usage'],
  ])('--layer %j', (text, expected) => expect(code(() => parseLayer(text))).toBe(expected));

  test.each([
    ['mean', 'mean'],
    ['3', 3],
    ['last', 'usage'],
  ])('--head %j', (text, expected) => expect(code(() => parseHead(text))).toBe(expected));

  test('out of range: says the range', () => {
    const choice = { method: 'cross', layer: 3, head: 'mean' } as const;
    expect(() => checkRange(choice, 3, 6)).toThrow('--layer must be 0 to 2, mean or last in this model, not 3');
    expect(() => checkRange({ ...choice, layer: 2, head: 6 }, 3, 6)).toThrow('--head must be 0 to 5 or mean');
    checkRange({ ...choice, layer: 2, head: 5 }, 3, 6);
  });

  const words = ['a', 'Dog', 'on', 'a', '2'].map((text) => ({ text }));

  test.each([
    ['1', 0],
    ['5', 4],
    ['dog', 1],
    ['DOG ', 1],
    ['a', 0],
    ['2', 4], // the word goes before the number
    ['0', 'usage'],
    ['6', 'usage'],
    ['zebra', 'usage'],
    ['', 'usage'],
  ])('--token %j', (wanted, expected) => expect(code(() => findWord(words, wanted))).toBe(expected));
});

test.each([
  ['dog', 'dog'],
  ['../../etc/passwd', 'etc-passwd'],
  ['\u001b[2J', '2J'],
  ["don't", 'don-t'],
  ['犬', '犬'],
  ['<end_of_text>', 'end-of-text'],
  ['!', 'word'],
  ['CON/..\0', 'CON'],
  ['x'.repeat(300), 'x'.repeat(40)],
])('%j in a file name', (word, name) => expect(safeName(word)).toBe(name));

test.each([
  ['photos/a.b.jpg', 'a-b-attention'],
  ['https://example.org/x/cat.png?size=3', 'cat-attention'],
  ['..', 'word-attention'],
])('%s is saved in a folder of its name in the working directory', (image, name) => {
  expect(`${savedName(image)}-attention`).toBe(name);
});

test('control characters of a word are shown, not sent', () => {
  const hostile = {
    image: 'a\u001b]0;x\u0007.png',
    coca: { name: 'm', device: 'cpu', precision: 'fp32' },
    words: [{ text: 're\u001b[2Jd\t\u202e', positions: [1], logprob: 0, special: false }],
    choice: { method: 'cross', layer: 'mean', head: 'mean' },
    attention: { maps: { grid: 1, layers: 1, heads: 1, methods: ['cross'], ofRows: () => Float32Array.of(1) } },
  } as unknown as AttendResult;
  expect(attendLines(hostile)).toEqual(['re\\x1b[2Jd\\t\\u202e\t0.5000\t0.5000\t0.0000']);
  const unasked = () => Promise.reject(new Error('not asked for'));
  const source = attendSource(hostile, [{ size: 1, rgb: new Uint8Array(3) }], {
    occlusion: unasked,
    owed: unasked,
    grounding: unasked,
    without: unasked,
  });
  expect([source.image, source.words[0]!.text]).toEqual(['a\\x1b]0;x\\x07.png', 're\\x1b[2Jd\\t\\u202e']);
});

describe('plain', () => {
  test('WORD, peak and entropy, a line a word', async () => {
    const { code, stdout, stderr } = await coca(['attend', BOOK, '-q']);
    expect([code, stderr]).toEqual([0, '']);
    const rows = stdout.trimEnd().split('\n');
    expect(rows.map((row) => row.split('\t')[0]).join(' ')).toBe(CAPTION);
    for (const row of rows) expect(row).toMatch(/^\S+\t0\.\d{4}\t0\.\d{4}\t\d\.\d{4}$/);
  });

  test('one word of a given caption', async () => {
    const { stdout } = await coca(['attend', BOOK, 'a Taxi on a red background', '--token', 'TAXI', '-q']);
    expect(stdout).toMatch(/^taxi\t\S+\t\S+\t\S+\n$/);
  });

  test('--special: also where the model looks as the caption ends', async () => {
    const { stdout } = await coca(['attend', BOOK, 'a book', '--special', '-q']);
    expect(stdout.split('\n').map((row) => row.split('\t')[0])).toEqual(['a', 'book', '<end_of_text>', '']);
  });

  test('a caption of one word; a picture from stdin', async () => {
    const { stdout } = await coca(['attend', '-', 'book', '-q'], { input: readFileSync(BOOK) });
    expect(stdout).toMatch(/^book\t[^\n]*\n$/);
  });
});

describe('json', () => {
  test('is what the model says, by the names of the contract', async () => {
    const { stdout } = await coca([
      'attend',
      BOOK,
      '--json',
      '-q',
      '--method',
      'rollout',
      '--layer',
      '1',
      '--head',
      '2',
    ]);
    const [object] = JSON.parse(stdout);
    expect(object).toMatchObject({
      image: BOOK,
      caption: CAPTION,
      method: 'rollout',
      layer: 1,
      head: 2,
      grid: [8, 8],
      crop: { x: 0, y: 0, width: 192, height: 192 },
      model: 'scenes',
      device: expect.any(String),
    });

    const model = await loadCoca({ model: 'scenes', device: 'cpu' });
    try {
      const image = await model.encodeImages([await loadPicture(readFileSync(BOOK), model.preprocess)], {
        attention: true,
      });
      const { special } = model.tokenizer;
      const ids = [special.sot, ...model.tokenizer.encode(CAPTION), special.eot];
      const attention = await attendCaption(model, image, ids);
      const words = attention.words.filter((word) => !word.special);
      expect(object.tokens.map(({ text }: { text: string }) => text)).toEqual(words.map(({ text }) => text));
      for (const [i, word] of words.entries()) {
        const expected = mapOfWord(attention, word, { method: 'rollout', layer: 1, head: 2 });
        const { map, peak, entropy, logprob } = object.tokens[i];
        const flat: number[] = map.flat();
        expect(map).toHaveLength(8);
        for (const [patch, value] of flat.entries()) expect(value).toBeCloseTo(expected[patch]!, 5);
        expect(flat.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
        const highest = flat.indexOf(Math.max(...flat));
        expect(peak).toEqual({ x: ((highest % 8) + 0.5) / 8, y: (Math.floor(highest / 8) + 0.5) / 8 });
        expect(entropy).toBeCloseTo(-flat.reduce((sum, p) => sum + p * Math.log(p), 0), 4);
        expect(logprob).toBeCloseTo(word.logprob, 3);
      }
    } finally {
      await model.close();
    }
  });

  test('--jsonl: the same object on a line of its own', async () => {
    const { stdout } = await coca(['attend', BOOK, 'a book', '--jsonl', '-q', '--token', '2']);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout).tokens).toEqual([expect.objectContaining({ text: 'book' })]);
  });

  test.each([
    ['dot.png', 1, 1],
    ['strip.png', 1, 1],
  ])('%s: the square that the model sees, in source pixels', async (name, width, height) => {
    const { code, stdout } = await coca([
      'attend',
      join(folder, name),
      'a book',
      '--json',
      '-q',
      '-o',
      join(folder, name, '..', `${name}-maps`),
    ]);
    expect(code).toBe(0);
    const [{ crop, tokens }] = JSON.parse(stdout);
    expect([crop.width, crop.height]).toEqual([width, height]);
    expect(tokens).toHaveLength(2);
    expect(await sharp(join(folder, `${name}-maps`, '01-a.png')).metadata()).toMatchObject({ width: 448, height: 448 });
  });

  test('a picture that cannot be read: an error object, exit code 2', async () => {
    const { code, stdout, stderr } = await coca(['attend', join(folder, 'none.png'), '--json', '-q']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual([
      { image: join(folder, 'none.png'), error: expect.objectContaining({ code: 'not-found' }) },
    ]);
    expect(stderr).toContain('no such file');
  });
});

describe('--method', () => {
  test('gradient, unless another is asked for; each has its own maps, which sum to 1', async () => {
    const runs = await Promise.all(
      [[], ['--method', 'gradient'], ['--method', 'cross'], ['--method', 'rollout']].map(async (options) => {
        const { stdout } = await coca(['attend', BOOK, '-q', '--json', ...options]);
        return JSON.parse(stdout)[0];
      }),
    );
    expect(runs.map(({ method }) => method)).toEqual(['gradient', 'gradient', 'cross', 'rollout']);
    expect(runs[0]).toEqual(runs[1]);
    expect(runs.map(({ caption }) => caption)).toEqual(Array(4).fill(CAPTION));
    const maps = runs.map(({ tokens }) => tokens.map(({ map }: { map: number[][] }) => map.flat()) as number[][]);
    for (const map of maps.flat()) {
      expect(map.every((value) => value >= 0)).toBe(true);
      expect(map.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
    expect(new Set(maps.map((of) => JSON.stringify(of))).size).toBe(3);
  });
});

test('--from-words: what each word owes to those before it', async () => {
  const args = ['attend', fixture('scenes/0010.png'), 'three spiders on a red background', '--from-words', '-q'];
  const [{ tokens }] = JSON.parse((await coca([...args, '--json'])).stdout);
  expect(tokens.map(({ from }: { from: number[] }) => from.length)).toEqual([0, 1, 2, 3, 4, 5]);
  // Without the number there is no plural.
  expect(tokens[1].from[0]).toBeGreaterThan(1);
  const { stdout } = await coca([...args, '--token', 'spiders']);
  expect(Number(stdout.trimEnd().split('\t')[4])).toBeCloseTo(tokens[1].from[0], 3);
});

describe('--method occlusion', () => {
  test('maps that sum to 1 and peak at the thing, without layer and head; the arrays have the falls', async () => {
    const out = join(folder, 'occlusion');
    const args = ['attend', BOOK, CAPTION, '--method', 'occlusion', '--token', 'book', '-q', '--json'];
    const [saved, two] = await Promise.all([coca([...args, '-o', out]), coca([...args, '--window', '2'])]);
    const { tokens, ...rest } = JSON.parse(saved.stdout)[0];
    expect(rest).toMatchObject({ method: 'occlusion', layer: null, head: null, window: 3 });
    const map = tokens[0].map.flat() as number[];
    expect(map.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    // The book lies at 75..134 x 92..151 of 192.
    expect(tokens[0].peak.x * 192).toBeGreaterThan(75);
    expect(tokens[0].peak.x * 192).toBeLessThan(134);
    expect(JSON.parse(two.stdout)[0]).toMatchObject({ window: 2 });
    expect(JSON.parse(two.stdout)[0].tokens[0].map.flat()).not.toEqual(map);
    const file = await openSafetensors(join(out, 'attention.safetensors'));
    const falls = await readTensor(file, 'occlusion');
    expect(file.tensors.get('occlusion')!.shape).toEqual([8, 64]);
    expect(falls.some((fall) => fall > 1)).toBe(true);
  });

  test.each([
    [['--method', 'occlusion', '--layer', '1'], /--layer means nothing with --method occlusion/],
    [['--method', 'occlusion', '--head', '1'], /--head means nothing with --method occlusion/],
    [['--window', '2'], /--window means nothing without --method occlusion/],
    [['--method', 'occlusion', '--window', '0'], /--window/],
    [['--method', 'occlusion', '--window', '9'], /--window must be 1 to 8 for this model, not 9/],
  ])('%j is wrong usage', async (options, message) => {
    const { code, stderr } = await coca(['attend', BOOK, 'a book', ...options]);
    expect([code, stderr]).toEqual([64, expect.stringMatching(message)]);
  });
});

describe('--output', () => {
  test('overlays that differ, a contact sheet, a table, and the raw arrays', async () => {
    const out = join(folder, 'new', 'maps');
    const { code, stderr } = await coca(['attend', BOOK, '-o', out]);
    expect(code).toBe(0);
    expect(stderr).toContain(`in ${out}: 7 overlays`);
    const words = CAPTION.split(' ').map((word, i) => `0${i + 1}-${word}.png`);
    expect(readdirSync(out).sort()).toEqual([
      ...words,
      'attention.json',
      'attention.safetensors',
      'contact.png',
      'words.tsv',
    ]);
    expect(JSON.parse(readFileSync(join(out, 'attention.json'), 'utf8'))).toMatchObject({
      image: BOOK,
      caption: CAPTION,
      ...{ method: 'gradient', layer: 'mean', head: 'mean', model: 'scenes', grid: [8, 8], files: words },
    });

    const pixels = await Promise.all(
      words.map((name) => sharp(join(out, name)).raw().toBuffer({ resolveWithObject: true })),
    );
    for (const { info } of pixels) expect([info.width, info.height, info.channels]).toEqual([448, 448, 3]);
    // Words with flat maps show the picture as it is, each other its own map.
    const [looked] = JSON.parse((await coca(['attend', BOOK, '--json', '-q'])).stdout);
    const isFlat = (looked.tokens as { readonly flat: boolean }[]).map(({ flat }) => flat);
    const drawn = pixels.map(({ data }) => data.toString('base64'));
    const shown = drawn.filter((_, i) => !isFlat[i]);
    expect(shown.length).toBeGreaterThan(3);
    expect(new Set(shown).size).toBe(shown.length);
    const plain = drawn.filter((_, i) => isFlat[i]);
    expect(new Set(plain).size).toBe(Math.min(1, plain.length));

    // Where "book" looks is brighter than where it does not: its peak is at 0.56, 0.69.
    const at = (x: number, y: number) => pixels[2]!.data.subarray((y * 448 + x) * 3, (y * 448 + x) * 3 + 3);
    expect(at(252, 308)[0]! - at(30, 30)[0]!).toBeGreaterThan(25);
    expect((await sharp(join(out, 'contact.png')).metadata()).width).toBeGreaterThan(600);

    const table = readFileSync(join(out, 'words.tsv'), 'utf8').trimEnd().split('\n');
    expect(table[0]).toBe('word\tpeak_x\tpeak_y\tentropy\tfile');
    expect(table[3]).toMatch(/^book\t0\.5625\t0\.6875\t.*\t03-book\.png$/);

    const file = await openSafetensors(join(out, 'attention.safetensors'));
    const shapes = Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, shape]));
    const [layers, heads, rows, tokens, keys, queries] = [3, 6, 8, 32, 65, 33];
    expect(shapes).toEqual({
      cross: [layers, heads, rows, tokens],
      cross_gradient: [layers, heads, rows, tokens],
      decoder_self: [layers, heads, rows, rows],
      text: [layers, heads, rows, rows],
      vision: [5, 6, keys, keys],
      pooler: [6, queries, keys],
      maps: [7, 8, 8],
      ids: [9],
      logprobs: [rows],
    });
    const cross = await readTensor(file, 'cross');
    for (let row = 0; row < layers * heads * rows; row++) {
      const sum = cross.subarray(row * tokens, (row + 1) * tokens).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 4);
    }
    expect(Object.fromEntries(file.metadata)).toMatchObject({ caption: CAPTION, method: 'gradient', layer: 'mean' });
    expect(JSON.parse(file.metadata.get('words')!)).toEqual(CAPTION.split(' '));
  });

  test('what was saved is kept; --force replaces it and nothing else', async () => {
    const out = join(folder, 'again');
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    expect((await coca(['attend', BOOK, 'a small book', '-q', '-o', out])).code).toBe(0);
    const before = readFileSync(join(out, 'attention.safetensors'));
    const refused = await coca(['attend', BOOK, 'a taxi', '-q', '-o', out, '--layer', '1']);
    expect([refused.code, refused.stdout]).toEqual([64, '']);
    expect(refused.stderr).toContain(`${out} holds saved maps already`);
    expect(readFileSync(join(out, 'attention.safetensors'))).toEqual(before);
    expect((await coca(['attend', BOOK, 'a taxi', '-q', '-o', out, '--layer', '1', '--force'])).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      '01-a.png',
      '02-taxi.png',
      'attention.json',
      'attention.safetensors',
      'contact.png',
      'notes.txt',
      'words.tsv',
    ]);
    expect(JSON.parse(readFileSync(join(out, 'attention.json'), 'utf8'))).toMatchObject({
      caption: 'a taxi',
      layer: 1,
    });
  });

  test('the view saves into a folder that is not there yet', async () => {
    const base = join(folder, 'free');
    expect(await freeName(base)).toBe(base);
    mkdirSync(base);
    writeFileSync(`${base}-2`, '');
    expect(await freeName(base)).toBe(`${base}-3`);
  });

  test('a file of that name stays as it is', async () => {
    const { code, stdout, stderr } = await coca(['attend', BOOK, 'a book', '-q', '-o', join(folder, 'file')]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('is no folder');
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine');
  });

  test('without any font, too: tiles are counted', async () => {
    const fonts = join(folder, 'fonts');
    mkdirSync(fonts);
    writeFileSync(
      join(fonts, 'fonts.conf'),
      `<fontconfig><dir>${fonts}</dir><cachedir>${fonts}</cachedir></fontconfig>`,
    );
    const out = join(folder, 'fontless');
    const env = { FONTCONFIG_FILE: join(fonts, 'fonts.conf') };
    expect((await coca(['attend', BOOK, 'a <b>book</b> & <i', '-q', '-o', out], { env })).code).toBe(0);
    // The second overlay's label: two bars of two pixels, two pixels apart.
    const { data, info } = await sharp(join(out, 'contact.png')).raw().toBuffer({ resolveWithObject: true });
    const row = 8 + 224 + 4 + 6;
    const left = 8 + 2 * (224 + 8);
    const label = Array.from({ length: 8 }, (_, x) => data[(row * info.width + left + x) * info.channels]);
    expect(label).toEqual([255, 255, 24, 24, 255, 255, 24, 24]);
  });

  test('markup in a word is text', async () => {
    const out = join(folder, 'markup');
    expect((await coca(['attend', BOOK, 'a <b>book</b> & <i', '-q', '-o', out])).code).toBe(0);
  });
});

describe('what cannot be', () => {
  test.each<[string, string[], number, string]>([
    ['a word that is not there', ['--token', 'zebra'], 64, 'its words: 1 a, 2 small, 3 book, 4 on, 5 a, 6 pink'],
    ['another method', ['--method', 'crosss'], 64, '--method takes'],
    ['a layer too many', ['--layer', '3'], 64, '0 to 2, mean or last'],
    ['a head too many', ['--head', '6'], 64, '0 to 5 or mean'],
    ['no layer', ['--layer', 'lsat'], 64, '--layer takes'],
    ['an empty caption', [''], 2, 'CAPTION has no words'],
    ['too long a caption', ['book '.repeat(30)], 2, 'holds 22 beside the start and end'],
    ['a search for a given caption', ['a book', '--beams', '2'], 64, '--beams shapes a caption'],
    ['three arguments', ['a', 'book'], 64, 'too many arguments'],
  ])('%s', async (_, args, expected, message) => {
    const { code, stdout, stderr } = await coca(['attend', BOOK, ...args, '-q']);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('several pictures', async () => {
    const { code, stderr } = await coca(['attend', fixture('scenes/000*.png'), '-q']);
    expect(code).toBe(64);
    expect(stderr).toContain('names several pictures');
  });
});

test('70 words', async () => {
  const config = {
    embed_dim: 16,
    vision_cfg: {
      image_size: 32,
      layers: 1,
      width: 16,
      head_width: 8,
      patch_size: 8,
      attentional_pool: true,
      attn_pooler_heads: 2,
      attn_pooler_queries: 5,
    },
    text_cfg: { context_length: 76, vocab_size: 49_408, width: 16, heads: 2, layers: 1, embed_cls: true },
    multimodal_cfg: { context_length: 76, vocab_size: 49_408, width: 16, heads: 2, layers: 1, attn_pooler_heads: 2 },
    custom_text: true,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const model = join(folder, 'model');
  await initModel({ config: join(folder, 'config.json'), output: model, seed: 1, dtype: 'F16' });
  const caption = Array.from({ length: 70 }, (_, i) => (i % 7 === 6 ? 'sofa' : 'dog')).join(' ');
  const { code, stdout, stderr } = await coca([
    'attend',
    BOOK,
    caption,
    '--model',
    model,
    '--json',
    '-q',
    '-o',
    join(folder, '70'),
  ]);
  expect([code, stderr]).toEqual([0, '']);
  const [{ tokens, grid }] = JSON.parse(stdout);
  expect(tokens).toHaveLength(70);
  expect(grid).toEqual([4, 4]);
  for (const { map } of tokens) {
    expect(map.flat().reduce((sum: number, value: number) => sum + value, 0)).toBeCloseTo(1, 5);
  }
  expect(readdirSync(join(folder, '70'))).toContain('70-sofa.png');
});
