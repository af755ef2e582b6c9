import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLI, coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { until } from '../../support/processes.js';

const SCENES = ['0001', '0002', '0003', '0004', '0005', '0006'];
let folder: string;
let env: { COCA_CACHE: string };
const at = (...names: string[]) => join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-collection-'));
  env = { COCA_CACHE: at('cache') };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of the first scenes. */
function scenes(name: string, count = SCENES.length): string {
  mkdirSync(at(name), { recursive: true });
  for (const scene of SCENES.slice(0, count)) copyFileSync(fixture(`scenes/${scene}.png`), at(name, `${scene}.png`));
  return at(name);
}

/** As if it were made long ago: a file that was just changed is compared by its contents. */
const age = (path: string) => utimesSync(path, new Date(2020, 0, 1), new Date(2020, 0, 1));

const run = (...args: string[]) => coca([...args, '-q'], { env });
const counts = async (...args: string[]) => {
  const { code, stdout, stderr } = await run('index', ...args, '--json');
  const [found] = JSON.parse(stdout).filter((object: object) => 'pictures' in object);
  return { code, stderr, ...found };
};
const cosine = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test('index: new, changed and gone files alone; broken ones told each time, and not read again', async () => {
  const dir = scenes('kept');
  writeFileSync(join(dir, 'broken.png'), readFileSync(join(dir, '0001.png')).subarray(0, 500));
  const first = await counts(dir);
  expect(first).toMatchObject({ code: 1, pictures: 6, new: 6, changed: 0, gone: 0, unchanged: 0, broken: 1 });
  expect(first.stderr).toMatch(/^coca: .*broken\.png: .*\n$/);
  const again = await counts(dir);
  expect(again).toMatchObject({ code: 1, pictures: 6, new: 0, changed: 0, gone: 0, unchanged: 6, broken: 1 });
  expect(again.stderr).toBe(first.stderr);

  copyFileSync(join(dir, '0002.png'), join(dir, '0001.png'));
  rmSync(join(dir, '0003.png'));
  copyFileSync(join(dir, '0004.png'), join(dir, 'broken.png'));
  copyFileSync(fixture('scenes/0007.png'), join(dir, 'new.png'));
  const changed = await counts(dir);
  expect(changed).toMatchObject({ code: 0, pictures: 7, new: 2, changed: 1, gone: 1, unchanged: 4, broken: 0 });
  // Another time and the same contents is no change.
  age(join(dir, '0005.png'));
  expect(await counts(dir)).toMatchObject({ new: 0, changed: 0, gone: 0, unchanged: 7 });
});

test('a change that keeps size and time is seen', async () => {
  const dir = at('sly');
  mkdirSync(dir);
  const scene = readFileSync(fixture('scenes/0001.png'));
  const path = join(dir, 'a.png');
  writeFileSync(path, scene);
  age(path);
  expect(await counts(dir)).toMatchObject({ new: 1 });
  // The same picture with another byte after its end, which decoders do not look at; then with yet another.
  writeFileSync(path, Buffer.concat([scene, Buffer.of(1)]));
  age(path);
  expect(await counts(dir)).toMatchObject({ changed: 1 });
  writeFileSync(path, Buffer.concat([scene, Buffer.of(2)]));
  age(path);
  expect(await counts(dir)).toMatchObject({ changed: 1 });
  expect(await counts(dir)).toMatchObject({ changed: 0, unchanged: 1 });
});

test('search: scores are the cosines of coca embed; words, pictures, arithmetic', async () => {
  const dir = scenes('found');
  const book = join(dir, '0001.png');
  const { stdout } = await run('embed', dir, '--text', 'a dog', '--json');
  const embedded = JSON.parse(stdout) as { image?: string; embedding: number[] }[];
  const text = embedded.at(-1)!.embedding;
  const pictures = embedded.slice(0, -1);
  const check = async (words: string[], direction: number[]) => {
    const length = Math.sqrt(cosine(direction, direction));
    const expected = pictures
      .map(({ image, embedding }) => ({ image, score: cosine(embedding, direction) / length }))
      .sort((a, b) => b.score - a.score);
    const [found] = JSON.parse((await run('search', ...words, dir, '--json')).stdout);
    expect(found.query).toBe(words.join(' '));
    expect(found.results.map(({ image }: { image: string }) => image)).toEqual(expected.map(({ image }) => image));
    for (const [i, { score }] of expected.entries()) expect(found.results[i].score).toBeCloseTo(score, 4);
  };
  const picture = pictures.find(({ image }) => image === book)!.embedding;
  await check(['a dog'], text);
  await check([book], picture);
  await check(
    [book, '-', 'a dog'],
    picture.map((value, i) => value - text[i]!),
  );
  await check(
    ['a dog', '+', book],
    picture.map((value, i) => value + text[i]!),
  );
  const plain = await run('search', book, dir, '--top', '2', '--min-score', '0.99');
  expect(plain.stdout).toMatch(/^[^\t\n]*0001\.png\t(1\.000000|0\.99999\d)\n$/);
  expect(await run('search', 'a dog', '-', 'a dog', dir)).toMatchObject({ code: 2, stdout: '' });
  expect(await run('search', 'a dog', '+', 'gone.jpg', dir)).toMatchObject({ code: 2, stderr: /no such file/ });
  expect(await run('search', 'a', 'dog', dir)).toMatchObject({ code: 64, stderr: /is quoted/ });
});

test('filters: folder, date, size; a folder below an index is searched by it', async () => {
  const dir = scenes('filtered', 2);
  scenes('filtered/sub', 3);
  age(join(dir, '0001.png'));
  await run('index', dir);
  const found = async (...args: string[]) => {
    const { stdout } = await run('search', 'a book', ...args);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0]!.slice(folder.length + 1))
      .sort();
  };
  expect(await found(dir)).toHaveLength(5);
  const below = ['0001', '0002', '0003'].map((name) => `filtered/sub/${name}.png`);
  expect(await found(dir, '--folder', 'sub')).toEqual(below);
  const before = readdirSync(at('cache/collections')).length;
  expect(await found(join(dir, 'sub'))).toEqual(below);
  expect(readdirSync(at('cache/collections')).length).toBe(before);
  expect(await found(dir, '--before', '2021-01-01')).toEqual(['filtered/0001.png']);
  expect(await found(dir, '--after', '2021-01-01')).toHaveLength(4);
  expect(await found(dir, '--min-side', '4000')).toEqual([]);
  expect(await run('search', 'a', dir, '--after', '2021-02-30')).toMatchObject({ code: 64, stderr: /is no date/ });
  expect(await run('search', 'a', dir, '--folder', '../x')).toMatchObject({ code: 64 });
});

test('names that are not UTF-8 are found, and go out as their bytes', async () => {
  const dir = scenes('bytes', 1);
  const name = Buffer.concat([Buffer.from(`${dir}/caf`), Buffer.of(0xe9), Buffer.from('.png')]);
  renameSync(join(dir, '0001.png'), name);
  copyFileSync(name, join(dir, 'copy.png'));
  const [found] = JSON.parse((await run('search', 'a book', dir, '--json')).stdout);
  expect(found.results.map(({ image }: { image: string }) => image).sort()).toEqual([
    `${dir}/caf\udce9.png`,
    `${dir}/copy.png`,
  ]);
  expect(await counts(dir)).toMatchObject({ code: 0, unchanged: 2 });
});

test('an empty folder, one that is none, broken links', async () => {
  mkdirSync(at('empty'));
  expect(await run('index', at('empty'))).toMatchObject({ code: 2, stdout: '', stderr: /there are no pictures in/ });
  expect(await run('search', 'a dog', at('empty'))).toMatchObject({ code: 2, stderr: /there are no pictures in/ });
  expect(await run('index', at('nowhere'))).toMatchObject({ code: 2, stderr: /no such file/ });
  expect(await run('index', fixture('scenes/0001.png'))).toMatchObject({ code: 64, stderr: /is no folder/ });
  const dir = scenes('links', 1);
  symlinkSync('gone.png', join(dir, 'broken.png'));
  symlinkSync('.', join(dir, 'cycle'));
  expect(await counts(dir)).toMatchObject({ code: 1, pictures: 1, broken: 1, stderr: /broken\.png/ });
});

test('an index of other embeddings is refused by name, and beside it in the cache', async () => {
  const dir = scenes('others', 1);
  const index = at('own-index');
  expect(await counts(dir, '--index', index)).toMatchObject({ code: 0, new: 1, index });
  for (const command of [
    ['index', dir],
    ['search', 'a dog', dir],
  ]) {
    const refused = await run(...command, '--index', index, '--precision', 'int8');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/was made by scenes \(weights [0-9a-f]{12}, fp32.*not by scenes \(.*int8/);
  }
  expect((await counts(dir)).index).not.toBe((await counts(dir, '--pixels', 'openclip')).index);
  const elsewhere = await run('search', 'a dog', scenes('unlike', 1), '--index', index);
  expect(elsewhere).toMatchObject({ code: 2, stderr: /is of .*others, not of .*unlike/ });
});

/** Many pictures, of few bytes on disk. */
function many(name: string, count: number): string {
  const dir = scenes(name, 1);
  for (let i = 1; i < count; i++) linkSync(join(dir, '0001.png'), join(dir, `${String(i).padStart(4, '0')}-.png`));
  return dir;
}

const start = (args: string[]) =>
  spawn(process.execPath, [CLI, ...args], { env: { ...process.env, COCA_MODEL: '', ...env }, stdio: 'ignore' });
const versions = (index: string) => {
  const path = join(index, 'pictures.lance/_versions');
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.manifest')).length : 0;
};

test('killed with SIGKILL, an index goes on from what was written', async () => {
  const dir = many('killed', 400);
  const index = at('killed-index');
  const child = start(['index', dir, '--index', index]);
  const ended = once(child, 'exit');
  await until('the first pictures', () => versions(index) >= 2);
  child.kill('SIGKILL');
  await ended;
  expect(existsSync(join(index, 'index.lock'))).toBe(true);
  const rest = await counts(dir, '--index', index);
  expect(rest).toMatchObject({ code: 0, pictures: 400, broken: 0 });
  expect(rest.unchanged).toBeGreaterThan(0);
  expect(rest.new + rest.unchanged).toBe(400);
  expect(existsSync(join(index, 'index.lock'))).toBe(false);
});

test('two processes on one index: one waits, a search reads, and the index is whole', async () => {
  const dir = many('shared', 200);
  const index = at('shared-index');
  const first = start(['index', dir, '--index', index]);
  const firstEnded = once(first, 'exit');
  await until('a lock', () => existsSync(join(index, 'index.lock')) && versions(index) >= 1);
  const [second, searched] = await Promise.all([
    counts(dir, '--index', index),
    coca(['search', 'a book', dir, '--index', index], { env }),
  ]);
  expect(await firstEnded).toEqual([0, null]);
  expect(second).toMatchObject({ code: 0, pictures: 200, new: 0, unchanged: 200 });
  expect(searched.code).toBe(0);
});

test('captions: kept for what was there without, searched with the pictures', async () => {
  const dir = scenes('captioned', 3);
  await run('index', dir);
  expect(await run('search', 'book', dir, '--by', 'caption')).toMatchObject({ code: 64, stderr: /has no captions/ });
  expect(await counts(dir, '--captions')).toMatchObject({ changed: 3 });
  const captions = JSON.parse((await run('caption', dir, '--json')).stdout) as { image: string; caption: string }[];
  const [found] = JSON.parse((await run('search', 'book', dir, '--json')).stdout);
  expect(found.by).toBe('both');
  for (const { image, caption } of found.results) {
    expect(caption).toBe(captions.find((one) => one.image === image)!.caption);
  }
  const withWord = captions.filter(({ caption }) => /\bbooks?\b/.test(caption)).map(({ image }) => image);
  const [by] = JSON.parse((await run('search', 'book', dir, '--by', 'caption', '--json')).stdout);
  expect(by.results.map(({ image }: { image: string }) => image).sort()).toEqual(withWord.sort());
  // Once kept, captions are made of new pictures, too.
  copyFileSync(fixture('scenes/0004.png'), join(dir, '0004.png'));
  expect(await counts(dir)).toMatchObject({ new: 1, changed: 0 });
});

test('dedupe: the same picture in another size and format, the best first; for xargs all but that', async () => {
  const dir = scenes('doubles', 3);
  const { default: sharp } = await import('sharp');
  const small = Buffer.concat([Buffer.from(`${dir}/sm`), Buffer.of(0xe5), Buffer.from('ll.jpg')]);
  writeFileSync(small, await sharp(join(dir, '0002.png')).resize(150).jpeg({ quality: 90 }).toBuffer());
  const { stdout } = await run('dedupe', dir, '--json', '--min-cosine', '0.9');
  const groups = JSON.parse(stdout) as { images: { image: string; width: number; cosine: number }[] }[];
  expect(groups).toHaveLength(1);
  expect(groups[0]!.images.map(({ image }) => image)).toEqual([join(dir, '0002.png'), `${dir}/sm\udce5ll.jpg`]);
  expect(groups[0]!.images[0]).toMatchObject({ cosine: expect.closeTo(1, 5) });
  const child = spawn(process.execPath, [CLI, 'dedupe', dir, '--print0', '--min-cosine', '0.9', '-q'], {
    env: { ...process.env, COCA_MODEL: '', ...env },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  await once(child, 'close');
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat([small, Buffer.of(0)]));
  expect(existsSync(join(dir, '0002.png')) && statSync(small).size > 0).toBe(true);
  expect(await run('dedupe', dir, '--min-cosine', '1', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
});

test('cluster: all pictures in named groups, the same each time; contact sheets', async () => {
  const dir = scenes('mixed');
  const args = ['cluster', dir, '--groups', '3', '--json'];
  const first = await run(...args, '-o', at('sheets'));
  const groups = JSON.parse(first.stdout) as { name: string; images: { image: string }[]; sheets: string[] }[];
  expect(groups).toHaveLength(3);
  expect(groups.flatMap(({ images }) => images.map(({ image }) => image)).sort()).toEqual(
    SCENES.map((name) => join(dir, `${name}.png`)),
  );
  expect(new Set(groups.map(({ name }) => name)).size).toBe(3);
  for (const { sheets } of groups) expect(statSync(sheets[0]!).size).toBeGreaterThan(1000);
  const again = JSON.parse((await run(...args)).stdout);
  expect(again).toEqual(groups.map(({ sheets: _, ...group }) => group));
  const more = await coca(['cluster', dir, '--groups', '9', '--json'], { env });
  expect(JSON.parse(more.stdout)).toHaveLength(6);
  expect(more.stderr).toMatch(/6 pictures, so 6 groups/);
});

test("clip-retrieval's files: out and in again; embeddings of another model are refused", async () => {
  const dir = scenes('exported');
  expect(await counts(dir, '--export', at('out'))).toMatchObject({ code: 0, new: 6 });
  expect(readdirSync(at('out/img_emb'))).toEqual(['img_emb_0.npy']);
  expect(readdirSync(at('out/metadata'))).toEqual(['metadata_0.parquet']);
  expect(await run('index', dir, '--export', at('out'))).toMatchObject({ code: 2, stderr: /is there already/ });
  expect(await counts(dir, '--import', at('out'), '--index', at('imported'))).toMatchObject({ code: 0, new: 6 });
  // The same numbers to the last bit.
  expect(await counts(dir, '--index', at('imported'), '--export', at('again'))).toMatchObject({ unchanged: 6 });
  expect(readFileSync(at('again/img_emb/img_emb_0.npy'))).toEqual(readFileSync(at('out/img_emb/img_emb_0.npy')));

  const path = at('out/img_emb/img_emb_0.npy');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -4));
  expect(await run('index', dir, '--import', at('out'))).toMatchObject({ code: 2, stderr: /bytes of data/ });
  // Rows of others: each the next one's.
  const start = 10 + bytes.readUInt16LE(8);
  const row = (bytes.length - start) / 6;
  const rows = Array.from({ length: 6 }, (_, i) => bytes.subarray(start + i * row, start + (i + 1) * row));
  writeFileSync(path, Buffer.concat([bytes.subarray(0, start), ...rows.slice(1), rows[0]!]));
  const refused = await run('index', dir, '--import', at('out'), '--index', at('strange'));
  expect(refused).toMatchObject({ code: 2, stderr: /is not of scenes: its cosine/ });
});

test('in a session the pictures found are opened as 1, 2, ...; open pictures are words of a query', async () => {
  const dir = scenes('session');
  const book = join(dir, '0001.png');
  const input = `open ${book}\nsearch a dog on grass ${dir} --top 3\npictures\nsearch @1 - a dog ${dir} --top 2\npictures\n`;
  const { stdout, code } = await coca(['repl', '-q'], { env, input });
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  const found = lines.slice(0, 3).map((line) => line.split('\t')[0]);
  expect(lines.slice(3, 6).map((line) => line.split('\t'))).toEqual(
    found.map((name, i) => [`${i === 0 ? '*' : ' '}${i + 1}`, name]),
  );
  expect(lines.slice(6, 8).map((line) => line.split('\t')[0])).toEqual(
    lines.slice(8).map((line) => line.split('\t')[1]),
  );
});
