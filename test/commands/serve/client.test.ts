import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coca, startCoca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { startServe, type TestServer } from '../../support/server.js';

const [A, B] = ['0001', '0002'].map((name) => fixture(`scenes/${name}.png`)) as [string, string];
const LONG = 'a dog '.repeat(60);
const { at } = temporaryFolder();

let server: TestServer;
beforeAll(async () => {
  server = await startServe(['--port', '0', '--model', 'scenes']);
}, 120_000);
afterAll(() => server?.end('SIGKILL'));

/** Times are each run's own. */
const withoutTimes = (text: string) => text.replace(/"ms":\{[^}]*\}/g, '"ms":{}');

test.each([
  [['caption', A], 0],
  [['caption', A, B, '--jsonl', '--logprobs', '3', '--num', '2'], 0],
  [['caption', A, '--strategy', 'sample', '--seed', '9', '--num', '2', '--json'], 0],
  [['caption', A, '--prompt', 'a small', '--json'], 0],
  [['caption', A, 'package.json', 'nothere.png', '--json'], 1],
  [['caption', A, '--prompt', LONG], 64],
  [['rank', A, 'a dog', 'a small book', '--by', 'both', '--json'], 0],
  [['rank', A, LONG, 'a book'], 0],
  [['rank', A, LONG, 'a book', '--strict', '--json'], 1],
  [['classify', A, B, '--labels', 'dog,book,cat'], 0],
  [['classify', A, '--labels', 'dog,book', '--template', 'a small {}', '--json'], 0],
  [['embed', A, B, '--text', 'a dog', '--jsonl'], 0],
])('asked of a server, %j prints the same to the byte, and ends with %i', async (args, code) => {
  const [here, there] = [
    await coca(args, { env: { COCA_SERVER: '', COCA_CACHE: at('cache') } }),
    await coca(args, { env: { COCA_SERVER: server.address } }),
  ];
  expect(here.code).toBe(code);
  expect(there.code).toBe(code);
  expect(withoutTimes(there.stdout)).toBe(withoutTimes(here.stdout));
  expect(there.stderr).toBe(here.stderr);
  expect(server.log()).toContain('/v1/coca');
});

/** A caption with words that the model would hardly write. */
const UNSURE = ['caption', A, '--strategy', 'sample', '--seed', '9', '--temperature', '3'];

test('words in colours, where they are asked for', async () => {
  const [here, there] = await Promise.all(
    ['', server.address].map((address) => coca(UNSURE, { env: { COCA_SERVER: address, FORCE_COLOR: '3' } })),
  );
  expect(there!.stdout).toMatch(/\x1b\[/);
  expect(there).toEqual(here);
});

test('a picture on stdin, and results in a file that is gone on with', async () => {
  const env = { COCA_SERVER: server.address };
  const bytes = readFileSync(A);
  expect((await coca(['caption', '-'], { env, input: bytes })).stdout).toBe('a small book on a pink background\n');
  expect((await coca(['caption', A, '-o', at('out.jsonl')], { env })).code).toBe(0);
  const resumed = await coca(['caption', A, B, '-o', at('out.jsonl'), '--resume'], { env: { COCA_SERVER: '' } });
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('1 of them from before')]);
});

test.each([
  ['another precision', ['caption', A, '--precision', 'int8'], true],
  ['other pixels', ['caption', A, '--pixels', 'openclip'], true],
  ['batches', ['caption', A, '--batch', '2'], false],
  ['maps', ['attend', A, 'a book'], false],
  ['a model without a part', ['caption', A, '--ablate', 'cross.0'], false],
  ['words that are grounded', ['caption', A, '--ground'], false],
])('what the server does not do is done here: %s', async (_, args, isTold) => {
  const before = server.log().split('/caption').length;
  const { code, stderr } = await coca(args, { env: { COCA_SERVER: server.address, COCA_CACHE: at('cache') } });
  expect(code).toBe(0);
  expect(stderr.includes('it is loaded here')).toBe(isTold);
  expect(server.log().split('/caption').length).toBe(before);
});

test('a model whose tokenizer was changed since is not the one that is served', async () => {
  const model = at('model');
  cpSync(fixture('models/scenes'), model, { recursive: true });
  const own = await startServe(['--port', '0', '--model', model]);
  try {
    const env = { COCA_SERVER: own.address };
    const caption = ['caption', A, '--model', model];
    expect(await coca(caption, { env })).toMatchObject({ stdout: 'a small book on a pink background\n', stderr: '' });
    const file = `${model}/tokenizer.json`;
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('"book</w>": 1013', '"tome</w>": 1013').replace('"boo k</w>", ', ''),
    );
    const changed = await coca(caption, { env });
    expect([changed.stdout, changed.stderr]).toEqual([
      'a small tome on a pink background\n',
      expect.stringContaining('it is loaded here'),
    ]);
  } finally {
    await own.end('SIGKILL');
  }
});

describe('a model that is not on this machine', () => {
  let own: TestServer;
  const elsewhere = mkdtempSync(join(tmpdir(), 'coca-elsewhere-'));
  const mine = join(elsewhere, 'mine');
  beforeAll(async () => {
    cpSync(fixture('models/scenes'), mine, { recursive: true });
    own = await startServe(['--port', '0', '--model', mine, '--precision', 'int8']);
  });
  afterAll(async () => {
    await own?.end('SIGKILL');
    rmSync(elsewhere, { recursive: true });
  });
  const there = (args: readonly string[], env = {}) => coca(args, { env: { COCA_SERVER: own.address, ...env } });

  test.each([
    [['caption', A]],
    [['caption', A, '--json', '--logprobs', '2']],
    [['rank', A, 'a dog', 'a small book', '--by', 'both', '--json']],
    [['classify', A, '--labels', 'dog,book', '--json']],
    [['embed', A, '--text', 'a dog', '--jsonl']],
  ])('is the one of its name at the server: %j', async (args) => {
    const asked = await there([...args, '--model', 'mine']);
    const here = [...args, '--model', mine, '--precision', 'int8'];
    const loaded = await coca(here, { env: { COCA_SERVER: '', COCA_CACHE: at('cache') } });
    expect([asked.code, asked.stderr]).toEqual([0, '']);
    expect(withoutTimes(asked.stdout)).toBe(withoutTimes(loaded.stdout));
  });

  test('as $COCA_MODEL and the settings name it, too', async () => {
    expect((await there(['caption', A], { COCA_MODEL: 'mine' })).stdout).toBe('a small book on a pink background\n');
  });

  test.each([
    [
      'another precision',
      ['caption', A, '--model', 'mine', '--precision', 'fp32'],
      /no such file; .* has it in int8 on/,
    ],
    ['other pixels', ['caption', A, '--model', 'mine', '--pixels', 'openclip'], /asked for otherwise/],
    ['another config', ['caption', A, '--model', 'mine', '--config', 'coca_ViT-B-32'], /no such file/],
    ['another name', ['caption', A, '--model', 'yours'], /yours: no such file/],
    ['what no server does', ['attend', A, 'a book', '--model', 'mine'], /mine: no such file/],
  ])('is not there for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await there(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

test('a server in the background, which nobody named, is not asked for a model that is not on this machine', async () => {
  const mine = at('folder/mine');
  cpSync(fixture('models/scenes'), mine, { recursive: true });
  const run = (...args: string[]) => startCoca(args, { env: { COCA_CACHE: at('cache'), COCA_SERVER: '' } });
  expect((await run('serve', '--background', '--model', mine)).code).toBe(0);
  try {
    expect((await run('caption', A, '--model', mine, '--verbose')).stderr).toContain('has it loaded');
    const asked = await run('caption', A, '--model', 'mine');
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('mine: no such file')]);
  } finally {
    expect((await run('serve', '--stop')).code).toBe(0);
  }
});

test('a server that does not answer, an address that is none', async () => {
  const gone = await coca(['caption', A], { env: { COCA_SERVER: `unix:${at('none.sock')}` } });
  expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining('no server answers')]);
  const wrong = await coca(['caption', A], { env: { COCA_SERVER: 'localhost:2622' } });
  expect([wrong.code, wrong.stderr]).toEqual([64, expect.stringContaining('no address of a server')]);
});

test('no native library is loaded where a server answers', async () => {
  const preload = fileURLToPath(new URL('../../support/loaded-modules.cjs', import.meta.url));
  const { stdout } = await startCoca(['caption', A], {
    env: { COCA_SERVER: server.address, NODE_OPTIONS: `--require ${preload}`, LOADED_MODULES: at('modules') },
  });
  expect(stdout).toBe('a small book on a pink background\n');
  const modules = readFileSync(at('modules'), 'utf8').split('\n');
  expect(modules.filter((name) => /sharp|onnxruntime|undici|\.node$/.test(name))).toEqual([]);
});
