import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSafetensors } from '../../src/model/checkpoint/index.js';
import { coca, shell, startCoca } from '../support/cli.js';
import { fixture } from '../support/golden.js';
import { pngOf } from '../support/png.js';
import { expectedCaption } from '../support/scenes.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');
const BOOK_CAPTION = 'a small book on a pink background';
const TAXI_CAPTION = expectedCaption('0003.png').caption;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-cli-'));
  writeFileSync(join(folder, 'empty.png'), '');
  writeFileSync(join(folder, 'text.jpg'), 'not a picture');
  writeFileSync(join(folder, 'half.png'), readFileSync(BOOK).subarray(0, 3000));
  writeFileSync(join(folder, 'list.txt'), `${BOOK}\n${TAXI}\n`);
  mkdirSync(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
const parse = (text: string) => lines(text).map((line) => JSON.parse(line));

describe('caption', () => {
  test('one picture: the caption and nothing else', async () => {
    expect(await startCoca(['caption', BOOK])).toEqual({
      code: 0,
      signal: null,
      stdout: `${BOOK_CAPTION}\n`,
      stderr: '',
    });
  });

  test('--verbose: which model, where it runs and why', async () => {
    const { stdout, stderr } = await startCoca(['caption', BOOK, '--verbose']);
    expect(stdout).toBe(`${BOOK_CAPTION}\n`);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^coca: the model scenes is in .*scenes$/),
      expect.stringMatching(/^coca: running on \w+/),
    ]);
    expect((await coca(['caption', BOOK, '--verbose', '--quiet'])).code).toBe(64);
  });

  test('a photograph for the bundled model, unless that was asked for: one notice', async () => {
    const photographs = ['photo-a.png', 'photo-b.png'].map((name) => join(folder, name));
    // Neighbouring pixels of photographs differ.
    const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
    for (const path of photographs) writeFileSync(path, pngOf(64, 64, 8, 2, noise));
    const { stderr } = await coca(['caption', ...photographs]);
    expect(lines(stderr)).toEqual([expect.stringContaining('nothing of photographs; for those: coca models pull')]);
    for (const option of [['-q'], ['--model', 'scenes']]) {
      expect((await coca(['caption', photographs[0]!, ...option])).stderr).toBe('');
    }
  });

  test('several pictures: PATH<TAB>CAPTION, in the order given', async () => {
    const { stdout } = await startCoca(['caption', TAXI, BOOK, '-q', '--batch', '2']);
    expect(stdout).toBe(`${TAXI}\t${TAXI_CAPTION}\n${BOOK}\t${BOOK_CAPTION}\n`);
  });

  test('a JSON object has the fields of the contract', async () => {
    const { stdout } = await startCoca(['caption', BOOK, '-q', '--json', '--logprobs', '2', '--num', '2']);
    const [object] = JSON.parse(stdout);
    expect(object).toMatchObject({ image: BOOK, caption: BOOK_CAPTION, model: 'scenes' });
    expect(object.ids[0]).toBe(1022);
    expect(object.tokens.map(({ id }: { id: number }) => id)).toEqual(object.ids.slice(1));
    expect(object.tokens.every(({ top }: { top: unknown[] }) => top.length === 2)).toBe(true);
    const sum = object.tokens.reduce((total: number, { logprob }: { logprob: number }) => total + logprob, 0);
    expect(object.score).toBeCloseTo(sum / object.tokens.length, 5);
    expect(object.alternatives).toHaveLength(1);
    expect(object.alternatives[0].score).toBeLessThanOrEqual(object.score);
    expect(Object.keys(object.ms).sort()).toEqual(['decode', 'encode']);
    const [plain] = JSON.parse((await coca(['caption', BOOK, '-q', '--json'])).stdout);
    expect(plain.tokens[0]).not.toHaveProperty('top');
    expect(plain).not.toHaveProperty('alternatives');
  });

  test('samples follow the seed', async () => {
    const sample = async (seed: string) =>
      (await coca(['caption', BOOK, '-q', '--strategy', 'sample', '--temperature', '3', '--num', '4', '--seed', seed]))
        .stdout;
    expect(await sample('1')).toBe(await sample('1'));
    expect(await sample('1')).not.toBe(await sample('2'));
  });

  test('a prompt begins the caption', async () => {
    const { stdout } = await coca(['caption', BOOK, '-q', '--prompt', 'two']);
    expect(stdout).toMatch(/^two /);
  });

  test('pictures come by list, glob and stdin', async () => {
    const both = `${BOOK}\t${BOOK_CAPTION}\n${TAXI}\t${TAXI_CAPTION}\n`;
    expect((await coca(['caption', '-q', '--files', join(folder, 'list.txt')])).stdout).toBe(both);
    expect((await coca(['caption', '-q', '--files0', '-'], { input: `${BOOK}\0${TAXI}\0` })).stdout).toBe(both);
    expect((await startCoca(['caption', '-q', '-'], { input: readFileSync(BOOK) })).stdout).toBe(`${BOOK_CAPTION}\n`);
    const globbed = await coca(['caption', '-q', fixture('scenes/000[13].png')]);
    expect(lines(globbed.stdout)).toHaveLength(2);
  });
});

describe('bad input: one clean line each, the good ones answered', () => {
  test.each([
    ['empty.png', /empty/],
    ['text.jpg', /it is text/],
    ['half.png', /cannot decode this PNG/],
    ['folder', /there are no pictures/],
    ['fifo', /fifo/],
    ['missing.png', /no such file/],
  ])('%s among good pictures', async (name, message) => {
    const bad = join(folder, name);
    const { code, stdout, stderr } = await startCoca(['caption', BOOK, bad, TAXI, '-q', '--jsonl']);
    expect(code).toBe(1);
    const objects = parse(stdout);
    expect(objects.map(({ caption }) => caption)).toEqual([BOOK_CAPTION, undefined, TAXI_CAPTION]);
    expect(objects[1].image).toBe(bad);
    expect(objects[1].error.message).toMatch(message);
    expect(typeof objects[1].error.code).toBe('string');
    expect(lines(stderr)).toHaveLength(1);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect((await startCoca(['caption', bad, '-q'])).code).toBe(2);
  });

  test('a model that does not fit is one error, exit code 2, nothing on stdout', async () => {
    const model = join(folder, 'model');
    cpSync(fixture('models/scenes'), model, { recursive: true });
    writeFileSync(join(model, 'open_clip_config.json'), '{}');
    expect(await startCoca(['caption', BOOK, '-q', '--model', model])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^coca: .*vision_cfg is missing/),
    });
  });

  test('a hostile checkpoint is refused by name', async () => {
    const model = join(folder, 'hostile');
    cpSync(fixture('models/scenes'), model, { recursive: true });
    // A header length of 2^63.
    writeFileSync(join(model, 'open_clip_model.safetensors'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 128, 123, 125]));
    const { code, stderr } = await startCoca(['caption', BOOK, '-q', '--model', model]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/header/);
  });

  test('a text longer than the context, with --strict', async () => {
    const { code, stdout, stderr } = await coca(['rank', BOOK, 'a book', 'book '.repeat(200), '-q', '--strict']);
    expect(code).toBe(1);
    expect(lines(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/longer than the 24 ids/);
  });
});

describe('wrong usage: 64, with what was probably meant', () => {
  test.each([
    [['captoin', BOOK], /did you mean caption\?/],
    [['caption', BOOK, '--beems', '3'], /--beams/],
    [['caption', BOOK, '--strategy', 'bean'], /beam/],
    [['caption', BOOK, '--beams', 'many'], /whole number/],
    [['caption', BOOK, '--beams', '4', '--groups', '3'], /groups/],
    [['caption', BOOK, '--top-k', '5'], /sampl/],
    [['caption'], /IMAGE is missing/],
    [['rank', BOOK], /CAPTION/],
    [['frobnicate'], /unknown command/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await coca(args);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(message);
  });

  test('a device that cannot run here, asked for by name, is an error with the reason', async () => {
    const device = process.platform === 'darwin' ? 'dml' : 'coreml';
    const { code, stderr } = await coca(['caption', BOOK, '--device', device]);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`the device ${device} cannot run here: .*no ${device} provider`));
  });
});

describe('rank and embed', () => {
  const CAPTIONS = [BOOK_CAPTION, 'a ghost', 'two taxis'];

  test('piped: best first, with cosine and probability', async () => {
    const { stdout } = await coca(['rank', BOOK, ...CAPTIONS.toReversed(), '-q']);
    const rows = lines(stdout).map((line) => line.split('\t'));
    expect(rows[0]![2]).toBe(BOOK_CAPTION);
    const probabilities = rows.map((row) => Number(row[1]));
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
    const alone = await coca(['rank', BOOK, BOOK_CAPTION, '-q']);
    expect(alone.stdout).toBe(`${rows[0]![0]}\t-\t${BOOK_CAPTION}\n`);
    const inSession = await coca(['repl', BOOK, '-q'], { input: `rank ${BOOK_CAPTION}\n` });
    expect(inSession.stdout).toBe(alone.stdout);
  });

  test('--attend tells where the embedding looked: a map that sums to 1', async () => {
    const { stdout } = await coca(['rank', TAXI, ...CAPTIONS, '--attend', '-q', '--json']);
    const [{ attention, results }] = JSON.parse(stdout);
    expect(results).toHaveLength(3);
    expect(attention.grid).toEqual([8, 8]);
    expect(attention.crop).toEqual({ x: 0, y: 0, width: 192, height: 192 });
    const map = attention.map.flat() as number[];
    expect(map.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const highest = map.indexOf(Math.max(...map));
    expect(attention.peak).toEqual({ x: ((highest % 8) + 0.5) / 8, y: (Math.floor(highest / 8) + 0.5) / 8 });
    const plain = await coca(['rank', TAXI, ...CAPTIONS, '--attend']);
    expect(plain.stderr).toContain('--attend shows on a terminal');
    expect(plain.stdout).toBe((await coca(['rank', TAXI, ...CAPTIONS, '-q'])).stdout);
  });

  test('many by many, by both, agrees with rank one by one and with embed', async () => {
    const captions = join(folder, 'captions.txt');
    writeFileSync(captions, `${CAPTIONS.join('\n')}\n`);
    const { stdout } = await coca([
      'rank',
      '-i',
      BOOK,
      '-i',
      TAXI,
      '--captions',
      captions,
      '--by',
      'both',
      '-q',
      '--json',
    ]);
    const objects = JSON.parse(stdout);
    expect(objects.map(({ image, by }: { image: string; by: string }) => [image, by])).toEqual([
      [BOOK, 'both'],
      [TAXI, 'both'],
    ]);
    const images = parse((await coca(['embed', BOOK, TAXI, '-q', '--jsonl'])).stdout);
    const texts = parse((await coca(['embed', '--text', ...CAPTIONS, '-q', '--jsonl'])).stdout);
    for (const [i, { results }] of objects.entries()) {
      for (const { caption, cosine, logprob } of results) {
        const text = texts[CAPTIONS.indexOf(caption)].embedding as number[];
        const dot = text.reduce((sum, value, k) => sum + value * images[i].embedding[k], 0);
        expect(cosine).toBeCloseTo(dot, 4);
        expect(logprob).toBeLessThan(0);
      }
    }
    expect(objects[0].results[0]).toMatchObject({ caption: BOOK_CAPTION, rank: 1 });
  });
});

describe('pipes', () => {
  test('a reader that leaves early is no error', async () => {
    const script = `ls "$SCENES"/*.png | coca caption --files - --jsonl -q | head -2; echo "\${PIPESTATUS[*]}"`;
    const { stdout, stderr } = await shell(script, { env: { SCENES: fixture('scenes') } });
    const rows = lines(stdout);
    expect(rows.slice(0, 2).map((row) => JSON.parse(row).caption)).toEqual([
      BOOK_CAPTION,
      expectedCaption('0002.png').caption,
    ]);
    expect(rows[2]).toMatch(/ 0 0$/);
    expect(stderr).toBe('');
  });

  test('a full disk is an error', async () => {
    const { stdout } = await shell(`coca caption "${BOOK}" -q > /dev/full; echo "exit $?"`);
    expect(stdout).toBe('exit 2\n');
  });

  test('a megabyte to a slow reader arrives whole', async () => {
    const list = join(folder, 'many.txt');
    writeFileSync(list, `${BOOK}\n`.repeat(500));
    const { stdout } = await shell(`coca embed --files "${list}" -q --jsonl --model scenes | { sleep 3; wc -lc; }`);
    const [count, bytes] = stdout.trim().split(/\s+/).map(Number);
    expect(count).toBe(500);
    expect(bytes).toBeGreaterThan(2 ** 20);
  });
});

describe('help', () => {
  test('lists every command, and each explains itself', async () => {
    const { code, stdout } = await coca(['--help']);
    expect(code).toBe(0);
    for (const name of ['repl', 'caption', 'rank', 'embed', 'init', 'bench', 'eval']) {
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
      const help = await coca(['help', name]);
      expect(help.stdout).toMatch(new RegExp(`^coca ${name}: `));
      expect((await coca([name, '--help'])).stdout).toBe(help.stdout);
    }
    expect((await coca(['help'])).stdout).toBe(stdout);
    expect((await coca(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('init and bench', () => {
  test('init makes a model that bench can run', async () => {
    const made = join(folder, 'fresh');
    const init = await coca([
      'init',
      fixture('models/scenes/open_clip_config.json'),
      made,
      '--seed',
      '3',
      '--jsonl',
      '-q',
    ]);
    expect(init.code).toBe(0);
    // The bundled checkpoint has the same shape.
    const { tensors } = await openSafetensors(fixture('models/scenes/open_clip_model.safetensors'));
    const sizes = [...tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    const parameters = sizes.reduce((a, b) => a + b);
    expect(JSON.parse(init.stdout)).toMatchObject({ folder: made, parameters, seed: 3 });
    cpSync(fixture('models/scenes/tokenizer.json'), join(made, 'tokenizer.json'));
    const bench = await coca(['bench', BOOK, '--model', made, '--seconds', '0', '--jsonl', '-q']);
    const report = JSON.parse(bench.stdout);
    expect(report.model).toBe('fresh');
    expect(report.measurements.map(({ task }: { task: string }) => task)).toEqual([
      'encode image',
      'encode image',
      'encode text',
      'caption greedy',
      'caption beam',
    ]);
    expect(report.measurements.every(({ ms }: { ms: number }) => ms > 0)).toBe(true);
    const again = await coca(['init', fixture('models/scenes/open_clip_config.json'), made]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/holds a model already/) });
  });

  test('eval --pointing prints a row for every method and layer', async () => {
    const scenes = JSON.parse(readFileSync(fixture('scenes/scenes.json'), 'utf8')).slice(0, 10) as { image: string }[];
    const some = join(folder, 'some');
    mkdirSync(some);
    for (const { image } of scenes) copyFileSync(fixture(`scenes/${image}`), join(some, image));
    writeFileSync(join(some, 'scenes.json'), JSON.stringify(scenes));
    const { stdout } = await coca(['eval', join(some, 'scenes.json'), '--pointing', '--seeds', '1', '-q', '--jsonl']);
    const rows = parse(stdout);
    const ofLayers = ['cross', 'rollout', 'gradient'];
    expect(rows.map(({ method, layer }) => `${method} ${layer}`)).toEqual([
      ...ofLayers.flatMap((method) => [0, 1, 2, 'mean'].map((layer) => `${method} ${layer}`)),
      'occlusion null',
    ]);
    const [{ nouns }] = rows;
    expect(nouns).toBeGreaterThanOrEqual(scenes.length);
    expect(rows.every((row) => row.nouns === nouns && row.hits <= nouns)).toBe(true);
    // What is shown unless another is asked for: nine of ten nouns point into their boxes.
    const shown = rows.find(({ method, layer }) => method === 'gradient' && layer === 'mean');
    expect(shown.hits / nouns).toBeGreaterThan(0.9);
    expect(await coca(['eval'])).toMatchObject({ code: 64 });
  });
});
