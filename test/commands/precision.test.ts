import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coca } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';
import { fixture } from '../support/golden.js';
import { expectedCaption } from '../support/scenes.js';

const folder = temporaryFolder();
const BOOK = fixture('scenes/0001.png');
const run = (args: readonly string[]) =>
  coca(args, { env: { COCA_CACHE: folder.at('cache'), COCA_CONFIG: folder.at('config') } });
const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('int8 says what single precision says: captions of 95 scenes in 100, embeddings to 0.999', async () => {
  const names = readdirSync(fixture('scenes')).filter((name) => name.endsWith('.png'));
  const images = names.map((name) => fixture(`scenes/${name}`));
  const captions = await run(['caption', ...images, '--precision', 'int8', '--jsonl', '-q']);
  expect(captions).toMatchObject({ code: 0, stderr: '' });
  const results = parse(captions.stdout);
  const same = results.filter(({ caption }, i) => caption === expectedCaption(names[i]!).caption);
  expect(same.length / names.length).toBeGreaterThanOrEqual(0.95);
  expect(results.every(({ precision, device }) => precision === 'int8' && device === 'cpu')).toBe(true);
  const [exact, near] = await Promise.all(
    [[], ['--precision', 'int8']].map(async (option) =>
      parse((await run(['embed', ...images, ...option, '--jsonl', '-q'])).stdout),
    ),
  );
  for (const [i, { embedding }] of exact!.entries()) {
    const cosine = embedding.reduce((sum: number, value: number, k: number) => sum + value * near![i].embedding[k], 0);
    expect(cosine).toBeGreaterThan(0.999);
  }
}, 120_000);

test('the weights are quantised once, which is told', async () => {
  const first = await run(['caption', BOOK, '--precision', 'int8']);
  expect(first.stderr).toMatch(/^coca: the weights are quantised to int8, once( \(this CPU lacks VNNI.*\))?\n$/);
  expect(await run(['caption', BOOK, '--precision', 'int8'])).toMatchObject({ stdout: first.stdout, stderr: '' });
});

test('a cache that cannot be written leaves single precision working', async () => {
  writeFileSync(folder.at('cache'), '');
  const refused = await run(['caption', BOOK, '--precision', 'int8']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('the cache of quantised weights cannot be used');
  expect((await run(['caption', BOOK])).code).toBe(0);
});

test.each([
  ['--device', 'cuda', 'no products of int8 weights on cuda'],
  ['--engine', 'tfjs', "--precision int8 is ONNX Runtime's"],
])('%s %s is refused', async (option, value, reason) => {
  const { code, stderr } = await run(['caption', BOOK, '--precision', 'int8', option, value]);
  expect(code).toBe(64);
  expect(stderr).toContain(reason);
});

test('models use remembers it, and a typed precision comes before', async () => {
  expect((await run(['models', 'use', 'scenes', '--precision', 'int8'])).stdout).toBe('scenes in int8\n');
  const precisionOf = async (...options: string[]) =>
    JSON.parse((await run(['caption', BOOK, '--jsonl', '-q', ...options])).stdout).precision;
  expect(await precisionOf()).toBe('int8');
  expect(await precisionOf('--precision', 'fp32')).toBe(undefined);
  expect(await precisionOf('--model', 'scenes')).toBe(undefined);
  await run(['models', 'use', 'scenes']);
  expect(JSON.parse(readFileSync(folder.at('config', 'settings.json'), 'utf8'))).toEqual({});
  expect(await precisionOf()).toBe(undefined);
});

test.each([
  ['rank', [BOOK, 'a book', 'a dog']],
  ['classify', [BOOK, '--labels', 'book,dog']],
  ['embed', [BOOK, '--text', 'a book']],
  ['attend', [BOOK, 'a book']],
  ['ground', [BOOK, 'a book']],
  ['lens', [BOOK, 'a book']],
  ['heads', [BOOK, 'a book', '--word', 'book']],
  ['trace', [BOOK, fixture('scenes/0002.png'), 'a book']],
  ['explain', [BOOK]],
  ['step', [BOOK]],
  ['eval', ['--ranking', '--limit', '2']],
] as const)('%s: every object of its JSON says the precision', async (command, args) => {
  const { code, stdout } = await run([command, ...args, '--precision', 'int8', '--jsonl', '-q']);
  expect(code).toBe(0);
  expect(new Set(parse(stdout).map(({ precision }) => precision))).toEqual(new Set(['int8']));
});

test('a file of results is not gone on with in another precision', async () => {
  const output = ['-o', folder.at('out.jsonl'), '-q'];
  expect((await run(['caption', BOOK, ...output, '--precision', 'int8'])).code).toBe(0);
  const { code, stderr } = await run(['caption', BOOK, ...output, '--resume']);
  expect(code).toBe(64);
  expect(stderr).toContain('was written with other settings: --precision');
  expect((await run(['caption', BOOK, ...output, '--resume', '--precision', 'int8'])).code).toBe(0);
});

test('where each word looks is of the weights as they are, and of what int8 has seen', async () => {
  const tokensOf = async (...options: string[]) =>
    JSON.parse((await run(['attend', BOOK, ...options, '--json', '-q'])).stdout)[0].tokens;
  const [exact, near] = [await tokensOf(), await tokensOf('--precision', 'int8')];
  expect(near).toHaveLength(exact.length);
  for (const [i, token] of exact.entries()) {
    const map = token.map.flat();
    const peak = map.indexOf(Math.max(...map));
    expect(near[i].map.flat()[peak]).toBeCloseTo(map[peak], 1);
  }
});

test('models info and doctor know the file; what was changed is removed', async () => {
  const cached = async () => JSON.parse((await run(['models', 'info', 'scenes', '--json'])).stdout)[0].quantised;
  expect(await cached()).toBe(undefined);
  await run(['caption', BOOK, '--precision', 'int8']);
  const [name] = readdirSync(folder.at('cache', 'quantised'));
  const path = folder.at('cache', 'quantised', name!);
  const { size } = statSync(path);
  expect(await cached()).toEqual({ precision: 'int8', bytes: size });
  expect((await run(['models', 'info', 'scenes'])).stdout).toMatch(/^cached +in int8, 8\.\d+ MB$/m);
  const check = async (...options: string[]) =>
    JSON.parse((await run(['doctor', '--no-speed', '--json', '-q', ...options])).stdout).find(
      (one: { name: string }) => one.name === 'weights in int8',
    );
  expect(await check()).toMatchObject({ status: 'ok', found: '1, whole' });
  truncateSync(path, size - 1);
  expect(await check()).toMatchObject({ status: 'problem' });
  expect(await check('--fix')).toMatchObject({ status: 'ok', found: expect.stringContaining('removed 1') });
  expect(readdirSync(folder.at('cache', 'quantised'))).toEqual([]);
});
