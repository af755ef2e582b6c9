import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkTerminal } from '../../../src/commands/doctor/terminal.js';
import { BUNDLED_SHA256 } from '../../../src/model/doctor/bundled.js';
import { BUNDLED_FOLDER } from '../../../src/model/store/locate.js';
import { coca as run } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { filesUnder, hubWorld, pullAll, REPOSITORY, WEIGHTS } from '../../support/hub-fixture.js';

const world = hubWorld();

interface Result {
  readonly area: string;
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly advice?: string;
  readonly ms?: { encode: number; caption: number };
}

async function doctor(args: readonly string[] = ['--no-speed'], env: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await run(['doctor', '--json', ...args], { env: { ...world.env, ...env } });
  const checks: Result[] = JSON.parse(stdout);
  return { code, stderr, checks, of: (name: string) => checks.find((check) => check.name === name) };
}

test('the hashes are those of the bundled model', () => {
  for (const [name, hash] of Object.entries(BUNDLED_SHA256)) {
    expect(
      createHash('sha256')
        .update(readFileSync(join(BUNDLED_FOLDER, name)))
        .digest('hex'),
    ).toBe(hash);
  }
});

describe('doctor', () => {
  test('on a machine in order: usable, measured, and something to do for every no', async () => {
    const { code, stderr, checks, of } = await doctor([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(new Set(checks.map(({ area }) => area))).toEqual(
      new Set(['terminal', 'program', 'engines', 'models', 'hub']),
    );
    expect(of('node')).toMatchObject({ status: 'ok', found: expect.stringContaining(process.version) });
    const cpu = of('onnx cpu')!;
    expect(cpu.status).toBe('ok');
    expect(cpu.ms!.encode).toBeGreaterThan(0);
    expect(cpu.ms!.caption).toBeGreaterThan(cpu.ms!.encode);
    for (const check of checks) {
      if (check.status !== 'ok') expect(check.advice ?? check.found, check.name).toMatch(/\w+ \w+/);
    }
    for (const name of ['onnx cuda', 'onnx webgpu', 'onnx coreml', 'onnx dml', 'tfjs wasm', 'tfjs node'])
      expect(of(name)).toBeDefined();
  });

  test('plain lines have five columns', async () => {
    const { stdout } = await run(['doctor', '--no-speed'], { env: world.env });
    const rows = stdout
      .slice(0, -1)
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.every((row) => row.length === 5)).toBe(true);
    expect(rows.find(([, , name]) => name === 'default')).toEqual(['ok', 'models', 'default', 'scenes', '']);
  });

  test('a model that changed is found, and pull, as advised, mends it', async () => {
    const { model } = await pullAll(REPOSITORY, world.env);
    expect((await doctor()).of(REPOSITORY)).toMatchObject({ status: 'ok' });
    const blob = realpathSync(join(model.folder, WEIGHTS));
    const bytes = readFileSync(blob);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(blob, bytes);
    const { code, of } = await doctor();
    expect(code).toBe(0);
    expect(of(REPOSITORY)).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('has changed'),
      advice: `coca models pull ${REPOSITORY} mends it`,
    });
    await pullAll(REPOSITORY, world.env);
    expect((await doctor()).of(REPOSITORY)).toMatchObject({ status: 'ok' });
  });

  test('of files without a hash in their names it is not said that they are as fetched', async () => {
    const { model } = await pullAll(REPOSITORY, world.env);
    // As where a file system has no links.
    for (const name of readdirSync(model.folder)) {
      const path = join(model.folder, name);
      renameSync(realpathSync(path), path);
    }
    expect((await doctor()).of(REPOSITORY)).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('only pull can tell'),
    });
  });

  test('so is a tokenizer that changed and can still be read', async () => {
    const { model } = await pullAll(REPOSITORY, world.env);
    const path = realpathSync(join(model.folder, 'tokenizer.json'));
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n`);
    expect((await doctor()).of(REPOSITORY)).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/tokenizer\.json has changed/),
    });
  });

  test('without its default model coca is not usable', async () => {
    const { code, of } = await doctor(['--no-speed'], { COCA_MODEL: 'coca_ViT-B-32' });
    expect(code).toBe(2);
    expect(of('default')).toMatchObject({ status: 'fatal', advice: 'coca models pull coca_ViT-B-32 fetches it' });
  });

  test('settings, folders and variables that are wrong are named', async () => {
    mkdirSync(world.env.COCA_CONFIG!);
    writeFileSync(join(world.env.COCA_CONFIG!, 'settings.json'), '{');
    const file = join(world.cache, 'file');
    writeFileSync(file, '');
    const { code, of, checks } = await doctor(['--no-speed'], {
      COCA_CACHE: join(file, 'cache'),
      HF_ENDPOINT: 'https://user:secret@hub',
    });
    expect(code).toBe(2);
    expect(of('default')).toMatchObject({ status: 'fatal', found: expect.stringContaining('settings.json') });
    expect(of('conversions')).toMatchObject({ status: 'problem', advice: expect.stringContaining('COCA_CACHE') });
    expect(of('hub')).toMatchObject({ status: 'problem', found: expect.stringContaining('HF_ENDPOINT') });
    expect(JSON.stringify(checks)).not.toContain('secret');
  });

  test('a token is told of, but not told', async () => {
    const { of, checks } = await doctor(['--no-speed'], { HF_TOKEN: 'hf_a_secret' });
    expect(of('hub')!.found).toContain('HF_TOKEN');
    expect(JSON.stringify(checks)).not.toContain('hf_a_secret');
  });

  test('--fix removes what a removal that was killed has left in the cache', async () => {
    const { model } = await pullAll(REPOSITORY, world.env);
    const blobs = dirname(realpathSync(join(model.folder, WEIGHTS)));
    const put = (name: string, hours: number) => {
      const path = join(blobs, name);
      writeFileSync(path, 'x'.repeat(100));
      const then = Date.now() / 1000 - hours * 3600;
      utimesSync(path, then, then);
      return path;
    };
    for (const name of readdirSync(blobs)) utimesSync(join(blobs, name), 1, 1);
    const orphans = [put('a'.repeat(64), 2), put('b'.repeat(40), 2)];
    // Another program may be about to link to it; and what has no name of a blob is nobody's business here.
    put('c'.repeat(64), 0.5);
    put('notes', 200);
    // A link that leads there another way.
    symlinkSync(put('d'.repeat(64), 2), join(model.folder, 'absolute'));

    expect((await doctor()).of('cached files')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/^2 /),
    });
    // While somebody fetches into it, nothing is touched.
    const foreign = put(`${'e'.repeat(64)}.0123abcd.incomplete`, 2);
    expect((await doctor(['--fix', '--no-speed'])).of('cached files')).toMatchObject({ status: 'ok' });
    rmSync(foreign);
    const { all } = filesUnder(world.cache);
    expect(all).toEqual(expect.arrayContaining(orphans));
    const after = await doctor(['--fix', '--no-speed']);
    expect(after.of('cached files')).toMatchObject({ status: 'ok', found: expect.stringContaining('removed 2') });
    expect(filesUnder(world.cache).all.sort()).toEqual(all.filter((path) => !orphans.includes(path)).sort());
    expect(after.of(REPOSITORY)!.status).toBe('ok');
  });

  test('--fix goes on where something cannot be removed, and says so', async () => {
    const { model } = await pullAll(REPOSITORY, world.env);
    const blobs = dirname(realpathSync(join(model.folder, WEIGHTS)));
    const old = (path: string) => utimesSync(path, 1, 1);
    // A folder stands for a file in a cache that belongs to somebody else: neither can be removed as a file is.
    const stuck = join(blobs, 'a'.repeat(64));
    mkdirSync(stuck);
    const orphan = join(blobs, 'b'.repeat(64));
    writeFileSync(orphan, 'x');
    const converted = join(world.env.COCA_CACHE!, 'converted');
    const folder = join(converted, '.a.safetensors.0123456789ab.tmp');
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(converted, 'folder.safetensors'));
    for (const path of [stuck, orphan, folder]) old(path);
    const { code, stderr, of } = await doctor(['--fix', '--no-speed']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(of('cached files')).toMatchObject({ status: 'problem', found: expect.stringContaining(stuck) });
    expect(of('conversions of .bin')).toMatchObject({ status: 'ok', found: 'none' });
    expect(of('hub')).toBeDefined();
    expect(readdirSync(blobs)).toContain('a'.repeat(64));
    expect(readdirSync(blobs)).not.toContain('b'.repeat(64));
  });

  test('--fix removes what is in the way and nothing else', async () => {
    const { model } = await pullAll(REPOSITORY, world.env);
    const blobs = dirname(realpathSync(join(model.folder, WEIGHTS)));
    const old = (path: string, days: number) => {
      const then = Date.now() / 1000 - days * 86_400;
      utimesSync(path, then, then);
    };
    const put = (folder: string, name: string, days: number) => {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, name);
      writeFileSync(path, 'x'.repeat(100));
      old(path, days);
      return path;
    };
    const converted = join(world.env.COCA_CACHE!, 'converted');
    const weights = createHash('sha256').update(world.repository.files[WEIGHTS]!).digest('hex');
    const other = 'f'.repeat(64);
    const useless = [
      put(blobs, `${weights}.coca-free-0000000000000000.incomplete`, 0),
      put(blobs, `${other}.0123abcd.incomplete`, 2),
      put(blobs, `${other}.coca-free-0000000000000001.incomplete`, 31),
      put(converted, 'broken.safetensors', 0),
      put(converted, '.a.safetensors.0123456789ab.tmp', 2),
    ];
    const wanted = [
      put(blobs, `${other}.coca-free-0000000000000002.incomplete`, 1),
      put(blobs, `${other}.89abcdef.incomplete`, 0),
      put(converted, '.b.safetensors.0123456789ab.tmp', 0),
      put(converted, 'notes.txt', 400),
    ];
    const whole = join(converted, 'whole.safetensors');
    writeFileSync(whole, readFileSync(fixture('golden/pooled/open_clip_model.safetensors')));

    const concepts = put(join(world.env.COCA_CACHE!, 'concepts'), 'cut.safetensors', 0);
    useless.push(concepts);
    const before = await doctor();
    expect(before.of('embeddings, kept')).toMatchObject({ status: 'problem', found: expect.stringMatching(/^1 /) });
    expect(before.of('cut downloads')).toMatchObject({ status: 'problem', advice: expect.stringContaining('--fix') });
    expect(before.of('conversions of .bin')).toMatchObject({ status: 'problem', found: expect.stringMatching(/^2 /) });
    expect(before.code).toBe(0);
    const { all } = filesUnder(world.cache);
    expect(all).toEqual(expect.arrayContaining([...useless, ...wanted, whole]));

    const after = await doctor(['--fix', '--no-speed']);
    expect(after.of('cut downloads')).toMatchObject({ status: 'ok', found: expect.stringContaining('removed 3') });
    expect(after.of('conversions of .bin')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('removed 2'),
    });
    expect(filesUnder(world.cache).all.sort()).toEqual(all.filter((path) => !useless.includes(path)).sort());
    expect(readdirSync(model.folder)).toContain(WEIGHTS);
    expect((await doctor(['--fix', '--no-speed'])).of('conversions of .bin')).toMatchObject({
      status: 'ok',
      found: '1, whole',
    });
  });
});

describe('what the terminal can do', () => {
  const terminal = { interactive: true, columns: 80, rows: 24, colors: 'any' as const, env: { LANG: 'en_US.UTF-8' } };
  const check = async (change: object) => {
    const checks = checkTerminal({ ...terminal, ...change });
    return Object.fromEntries(checks.map(({ name, status, found, advice }) => [name, { status, found, advice }]));
  };

  test('a good one', async () => {
    expect(await check({})).toMatchObject({
      size: { status: 'ok', found: '80 x 24' },
      colours: { status: 'ok', found: '24 bit' },
    });
  });

  test.each([
    ['size', { columns: 30, rows: 5 }, /60 x 20/],
    ['colours', { colors: 'none', env: { NO_COLOR: '1' } }, /NO_COLOR/],
    ['colours', { colors: 'none', env: { TERM: 'dumb' } }, /FORCE_COLOR/],
    ['colours', { colors: '256' }, /COLORTERM/],
    ['pictures', { env: { TMUX: '/x' } }, /tmux/],
    ['unicode', { env: { LANG: 'C' } }, /UTF-8/],
    ['terminal', { interactive: false }, /without a pipe/],
  ])('%s: %j', async (name, change, advice) => {
    expect((await check(change))[name]!.advice).toMatch(advice);
  });
});

test('--verify compares every device with the CPU, and nothing else', async () => {
  const { code, stdout } = await run(['doctor', '--verify', '--json', '-q'], { env: world.env });
  expect(code).toBe(0);
  const checks = JSON.parse(stdout) as { name: string; status: string; found: string }[];
  expect(checks.every(({ name }) => name.endsWith(' computes'))).toBe(true);
  expect(checks.find(({ name }) => name === 'tfjs wasm computes')).toMatchObject({
    status: 'ok',
    found: expect.stringMatching(/e-[5-9] .*; equal ids$/),
  });
  expect(await run(['doctor', '--model', 'scenes'], { env: world.env })).toMatchObject({ code: 64 });
});
