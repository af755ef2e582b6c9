import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isPlainName, knownModels } from '../../../src/model/hub/names.js';
import { coca as run } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { httpsRedirector } from '../../support/https-hub.js';
import { filesUnder, hubWorld, REPOSITORY, WEIGHTS } from '../../support/hub-fixture.js';
import { HubServer } from '../../support/hub-server.js';
import { forwardProxy, tunnel } from '../../support/proxy.js';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const BOOK = fixture('scenes/0001.png');
const BOOK_CAPTION = 'a small book on a pink background\n';
const KNOWN = Object.keys(knownModels()).filter(isPlainName);

const world = hubWorld();
const coca = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => run(args, { env: { ...world.env, ...env } });
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('from nothing to a caption', () => {
  test('pull, use, caption, info, remove', async () => {
    world.hub.add('laion/CoCa-ViT-B-32-laion2B-s13B-b90k', world.repository);
    const name = 'coca_ViT-B-32';
    const missing = await coca(['caption', BOOK, '--model', name]);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain(`coca models pull ${name}`);

    const pulled = await coca(['models', 'pull', name]);
    expect(pulled.code).toBe(0);
    const folder = pulled.stdout.trimEnd();
    expect(readdirSync(folder)).toContain(WEIGHTS);
    expect(pulled.stderr).toContain('fetching 14.0 MB');
    for (const model of [name, 'hf-hub:laion/CoCa-ViT-B-32-laion2B-s13B-b90k', folder]) {
      expect((await coca(['caption', BOOK, '-q', '--model', model])).stdout).toBe(BOOK_CAPTION);
    }

    expect(await coca(['models', 'use', name])).toMatchObject({ code: 0, stdout: `${name}\n` });
    const json = await coca(['caption', BOOK, '-q', '--json']);
    expect(JSON.parse(json.stdout)[0]).toMatchObject({ model: name });
    // $COCA_MODEL and --model come before it.
    const bundled = await coca(['caption', BOOK, '-q', '--json'], { COCA_MODEL: 'scenes' });
    expect(JSON.parse(bundled.stdout)[0]).toMatchObject({ model: 'scenes' });

    const [info] = JSON.parse((await coca(['models', 'info', '--json'])).stdout);
    expect(info).toMatchObject({
      name,
      repository: 'laion/CoCa-ViT-B-32-laion2B-s13B-b90k',
      commit: HubServer.commitOf(world.repository),
      source: 'https://huggingface.co/laion/CoCa-ViT-B-32-laion2B-s13B-b90k',
      license: 'mit',
      folder,
      weights: { file: WEIGHTS, format: 'safetensors', dtypes: ['F16', 'F32'] },
    });
    const { total, ...parts } = info.parameters;
    expect(Object.values<number>(parts).reduce((sum, count) => sum + count)).toBe(total);
    expect(info.config.model_cfg.embed_dim).toBe(192);

    // In whatever case.
    expect((await coca(['models', 'info', name.toLowerCase(), '--json'])).stdout).toContain(`"name":"${name}"`);
    const removed = await coca(['models', 'rm', name.toUpperCase()]);
    expect(removed.code).toBe(0);
    const bytes = Object.values(world.repository.files).reduce((sum, { length }) => sum + length, 0);
    expect(removed.stdout).toBe(`${name}\t${bytes}\n`);
    expect(removed.stderr).toContain('bundled model again');
    expect(readdirSync(world.cache).filter((entry) => entry.startsWith('models--'))).toEqual([]);
    expect((await coca(['caption', BOOK, '-q'])).stdout).toBe(BOOK_CAPTION);
  });

  test('a .bin is fetched where there is nothing better, converted once, and removed with what was made of it', async () => {
    const golden = (name: string) => readFileSync(fixture(`golden/pooled/${name}`));
    const names = ['open_clip_config.json', 'open_clip_pytorch_model.bin'];
    world.hub.add('someone/bin', { files: Object.fromEntries(names.map((name) => [name, golden(name)])) });
    const { stdout } = await coca(['models', 'pull', 'someone/bin', '-q']);
    const facts = JSON.parse((await coca(['models', 'info', 'someone/bin', '--jsonl'])).stdout);
    expect(facts.weights).toMatchObject({ file: names[1], format: 'torch', dtypes: ['F32'] });
    expect(facts.license).toBeNull();
    const { convertTorchCheckpoint, openCheckpoint } = await import('../../../src/model/checkpoint/index.js');
    const converted = join(world.env.COCA_CACHE!, 'converted');
    const path = await convertTorchCheckpoint(join(stdout.trimEnd(), names[1]!), converted);
    expect(readdirSync(converted)).toHaveLength(1);
    const opened = await openCheckpoint(join(stdout.trimEnd(), names[1]!), { cacheDir: converted });
    const { quantisedCheckpoint } = await import('../../../src/model/quantise/checkpoint.js');
    const quantised = await quantisedCheckpoint(opened, join(world.env.COCA_CACHE!, 'quantised'));
    // What the model computed is known by the weights that were loaded.
    const { weightsFingerprint } = await import('../../../src/model/checkpoint/index.js');
    const { derivedName } = await import('../../../src/model/checkpoint/derived.js');
    const name = derivedName(await weightsFingerprint(opened.path), 'fp32-0');
    const folders = ['concepts', 'mean-pictures'].map((folder) => join(world.env.COCA_CACHE!, folder));
    for (const folder of folders) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), 'x'.repeat(50));
      writeFileSync(join(folder, derivedName('0'.repeat(64), 'fp32-0')), 'of another model');
    }
    // Two indexes of it in two precisions, one that is being written, and one of another model.
    const fingerprint = await weightsFingerprint(opened.path);
    const collection = join(world.env.COCA_CACHE!, 'collections', 'ab');
    const manifest = { format: 1, root: '/photos', captions: false, isComplete: true };
    const maker = { name: 'bin', fingerprint, precision: 'fp32', pixels: 'upright', width: 8 };
    for (const name of [
      `${fingerprint.slice(0, 32)}-fp32`,
      `${fingerprint.slice(0, 32)}-int8`,
      `${'0'.repeat(32)}-fp32`,
    ]) {
      mkdirSync(join(collection, name, 'pictures.lance'), { recursive: true });
      writeFileSync(join(collection, name, 'pictures.lance', 'data'), 'x'.repeat(1000));
    }
    const [first, second] = ['fp32', 'int8'].map((precision) =>
      join(collection, `${fingerprint.slice(0, 32)}-${precision}`),
    );
    const text = JSON.stringify({ ...manifest, maker });
    writeFileSync(join(first!, 'collection.json'), text);
    const { tryLock } = await import('../../../src/model/base/processes/folder-lock.js');
    await tryLock(second!, 'index.lock');
    const known = JSON.parse((await coca(['models', 'info', 'someone/bin', '--jsonl'])).stdout);
    expect(known.computed).toEqual({ files: 2, bytes: 100 });
    expect(known.indexes).toMatchObject({ count: 2 });
    expect((await coca(['models', 'info', 'someone/bin'])).stdout).toMatch(/^kept +embeddings, .*\nindexes +2, /m);
    const size = statSync(path).size + quantised.size + 100 + 1000 + text.length;
    const ran = await coca(['models', 'remove', 'someone/bin', '--jsonl']);
    const removed = JSON.parse(ran.stdout);
    expect(removed).toMatchObject({ indexes: ['/photos'], busy: [second] });
    expect(ran.stderr).toMatch(/index of \/photos by it went, too\n.*stays, since another process writes in it/);
    expect(readdirSync(collection).sort()).toEqual(
      [`${'0'.repeat(32)}-fp32`, `${fingerprint.slice(0, 32)}-int8`].sort(),
    );
    expect(removed.freed).toBe(size + names.reduce((sum, name) => sum + golden(name).length, 0));
    expect(readdirSync(converted)).toEqual([]);
    expect(readdirSync(join(world.env.COCA_CACHE!, 'quantised'))).toEqual([]);
    for (const folder of folders) expect(readdirSync(folder)).toEqual([derivedName('0'.repeat(64), 'fp32-0')]);
  });
});

test('a session takes the same verbs, and follows a new default', async () => {
  const lines = [`open ${BOOK}`, 'caption --jsonl', `models pull ${REPOSITORY}`, `models use ${REPOSITORY}`];
  const input = [...lines, 'caption --jsonl', 'coca models info -q --jsonl', 'models --help', 'export'].join('\n');
  const { code, stdout } = await run(['repl', '-q'], { env: world.env, input });
  expect(code).toBe(0);
  const objects = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  expect(objects.map(({ model, name }) => model ?? name)).toEqual(['scenes', REPOSITORY, REPOSITORY]);
  expect(stdout).toContain('Usage: coca models [list|pull|use|info|sites|remove]');
  expect(stdout).toContain(`coca models pull ${REPOSITORY} --quiet`);
});

test('sites: every name that --ablate takes, of the config alone', async () => {
  const { code, stdout } = await coca(['models', 'sites']);
  expect(code).toBe(0);
  const sites = lines(stdout);
  const { parseSite } = await import('../../../src/model/interventions/sites.js');
  const { inspectModel } = await import('../../../src/model/store/inspect.js');
  const { config } = await inspectModel('scenes');
  for (const site of sites) expect(() => parseSite(site, config)).not.toThrow();
  expect(sites).toEqual(expect.arrayContaining(['cross.2.h5', 'mlp.vision.0', 'pooler.h1']));
  expect(JSON.parse((await coca(['models', 'sites', 'scenes', '--json'])).stdout)).toEqual([{ name: 'scenes', sites }]);
  expect(await coca(['models', 'sites', 'coca_ViT-B-32'])).toMatchObject({ code: 2, stdout: '' });
});

describe('list', () => {
  const list = async (env: NodeJS.ProcessEnv = {}) => JSON.parse((await coca(['models', '--json'], env)).stdout);
  const states = (models: { name: string; state: string }[]) =>
    Object.fromEntries(models.map(({ name, state }) => [name, state]));

  test('what is here and what is known', async () => {
    const before = await list();
    expect(states(before)).toEqual({ scenes: 'bundled', ...Object.fromEntries(KNOWN.map((name) => [name, 'known'])) });
    expect(KNOWN).toEqual(expect.arrayContaining(['mscoco_coca_ViT-L-14', 'ViT-B-32', 'ViT-B-16-SigLIP2']));
    expect(before[0]).toMatchObject({ name: 'scenes', isDefault: true });
    expect(before[1].approximateBytes).toBe(1_014_240_260);

    await coca(['models', 'pull', REPOSITORY]);
    mkdirSync(join(world.cache, 'models--google--bert', 'snapshots', '0'.repeat(40)), { recursive: true });
    const after = await list({ COCA_MODEL: REPOSITORY });
    expect(states(after)).toMatchObject({ scenes: 'bundled', [REPOSITORY]: 'installed' });
    expect(states(after)).not.toHaveProperty('google/bert');
    expect(after.filter(({ isDefault }: { isDefault: boolean }) => isDefault)).toMatchObject([{ name: REPOSITORY }]);
    const plain = await coca(['models', 'list'], { COCA_MODEL: REPOSITORY });
    const columns = lines(plain.stdout).map((line) => line.split('\t'));
    expect(columns.every((row) => row.length === 5)).toBe(true);
    expect(columns.find(([name]) => name === REPOSITORY)).toMatchObject(
      [REPOSITORY, 'installed', /^\d+$/, 'default', /./].map((cell) =>
        cell instanceof RegExp ? expect.stringMatching(cell) : cell,
      ),
    );
  });

  test('a default that is a folder, or gone, is listed, too', async () => {
    expect(states(await list({ COCA_MODEL: fixture('models/scenes') }))).toHaveProperty(
      [fixture('models/scenes')],
      'folder',
    );
    const gone = join(world.cache, 'gone');
    expect(states(await list({ COCA_MODEL: gone }))).toHaveProperty([gone], 'missing');
  });

  test('settings that are broken are an error that names the file', async () => {
    mkdirSync(world.env.COCA_CONFIG!);
    const settings = join(world.env.COCA_CONFIG!, 'settings.json');
    for (const text of ['{', '[]', '{"model": 7}']) {
      writeFileSync(settings, text);
      const { code, stderr } = await coca(['caption', BOOK]);
      expect(code).toBe(2);
      expect(stderr).toContain(settings);
    }
    writeFileSync(settings, JSON.stringify({ other: [1] }));
    await coca(['models', 'use', fixture('models/scenes')]);
    expect(JSON.parse(readFileSync(settings, 'utf8'))).toEqual({ other: [1], model: fixture('models/scenes') });
    await coca(['models', 'use', 'Scenes']);
    expect(JSON.parse(readFileSync(settings, 'utf8'))).toEqual({ other: [1] });
  });
});

describe('failures', () => {
  test('use: what is not here is not set', async () => {
    for (const name of ['coca_ViT-L-14', 'a/b', './nothing', 'nothing']) {
      expect(await coca(['models', 'use', name])).toMatchObject({ code: 2, stdout: '' });
    }
    expect(existsSync(world.env.COCA_CONFIG!)).toBe(false);
  });

  test('several names: each is answered, the exit code says that some failed', async () => {
    const { code, stdout, stderr } = await coca(['models', 'pull', 'a/b', REPOSITORY, '--jsonl', '-q']);
    expect(code).toBe(1);
    const [failed, pulled] = lines(stdout).map((line) => JSON.parse(line));
    expect(failed).toMatchObject({ model: 'a/b', error: { code: 'denied' } });
    expect(pulled).toMatchObject({ name: REPOSITORY, repository: REPOSITORY });
    expect(lines(stderr)).toHaveLength(1);
  });

  test.each([
    [['models', 'pul'], 'did you mean pull?'],
    [['models', 'pull'], 'NAME is missing'],
    [['models', 'pull', '../../etc'], 'no name of a model'],
    [['models', 'remove', 'scenes'], 'no name of a model'],
    [['models', 'list', 'x'], 'too many arguments'],
    [['models', 'list', '--model', 'x'], 'no use for --model'],
    [['help', 'models', 'pul'], 'did you mean pull?'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await coca(args);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });

  test('remove leaves what others have, and what coca has no use for', async () => {
    await coca(['models', 'pull', REPOSITORY, '-q']);
    const files = { ...world.repository.files, 'README.md': Buffer.from('a new card') };
    world.hub.add(REPOSITORY, { files });
    await coca(['models', 'pull', REPOSITORY, '-q']);
    const repository = join(world.cache, 'models--someone--scenes');
    const old = join(repository, 'snapshots', HubServer.commitOf(world.repository));
    const outside = join(world.cache, 'outside');
    writeFileSync(outside, 'precious');
    const snapshot = join(repository, 'snapshots', HubServer.commitOf({ files }));
    writeFileSync(join(snapshot, 'vocab.txt'), 'of another program');
    symlinkSync(outside, join(snapshot, 'link'));

    const { stdout, stderr } = await coca(['models', 'remove', REPOSITORY]);
    expect(stdout).toBe(`${REPOSITORY}\t${'a new card'.length}\n`);
    expect(stderr).toMatch(/14\.0 MB stay/);
    expect(stderr).toContain('link, vocab.txt');
    expect(readFileSync(outside, 'utf8')).toBe('precious');
    expect(readFileSync(join(old, WEIGHTS)).equals(world.repository.files[WEIGHTS]!)).toBe(true);
    expect(readdirSync(snapshot).sort()).toEqual(['link', 'vocab.txt']);
  });

  test('a snapshot that is a link to a folder of somebody: the link is removed, and nothing in the folder', async () => {
    await coca(['models', 'pull', REPOSITORY, '-q']);
    const snapshot = join(world.cache, 'models--someone--scenes', 'snapshots', HubServer.commitOf(world.repository));
    const own = join(world.cache, 'own');
    mkdirSync(own);
    for (const [name, bytes] of Object.entries(world.repository.files)) writeFileSync(join(own, name), bytes);
    rmSync(snapshot, { recursive: true });
    symlinkSync(own, snapshot);
    expect((await coca(['models', 'remove', REPOSITORY, '-q'])).code).toBe(0);
    expect(readdirSync(own)).toEqual(Object.keys(world.repository.files));
    expect(existsSync(snapshot)).toBe(false);
  });

  test('a blob in the store that repositories share, as Python keeps large files, is used and left there', async () => {
    await coca(['models', 'pull', REPOSITORY, '-q']);
    const weights = join(world.cache, 'models--someone--scenes', 'snapshots');
    const link = join(weights, HubServer.commitOf(world.repository), WEIGHTS);
    const blob = resolve(dirname(link), readlinkSync(link));
    const shared = join(world.cache, 'blobs', 'ab', `ab${'0'.repeat(62)}`);
    mkdirSync(dirname(shared), { recursive: true });
    renameSync(blob, shared);
    symlinkSync(relative(dirname(blob), shared), blob);

    expect((await coca(['caption', BOOK, '-q', '--model', REPOSITORY])).stdout).toBe(BOOK_CAPTION);
    expect(JSON.parse((await coca(['models', 'pull', REPOSITORY, '--jsonl', '-q'])).stdout)).toMatchObject({
      fetched: 0,
    });
    const removed = JSON.parse((await coca(['models', 'remove', REPOSITORY, '--jsonl', '-q'])).stdout);
    expect(removed.kept).toBe(world.repository.files[WEIGHTS]!.length);
    expect(filesUnder(world.cache).all).toEqual([shared]);
  });

  test('fault 35: kill -9 leaves nothing under a final name, and the next pull goes on', async () => {
    world.hub.rate = 4_000_000;
    const env = { ...process.env, ...world.env };
    const child = spawn(process.execPath, [CLI, 'models', 'pull', REPOSITORY], { env, stdio: 'ignore' });
    const partial = () => {
      const path = existsSync(world.cache) ? filesUnder(world.cache).incomplete[0] : undefined;
      return path === undefined ? 0 : statSync(path).size;
    };
    while (partial() < 2_000_000) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('exit', resolve));
    const kept = partial();
    const weights = world.repository.files[WEIGHTS]!;
    expect(filesUnder(world.cache).all.filter((path) => statSync(path).size === weights.length)).toEqual([]);
    expect((await coca(['caption', BOOK, '--model', REPOSITORY])).code).toBe(2);

    const [, cut] = JSON.parse((await coca(['models', '--json'])).stdout);
    expect(cut).toMatchObject({ name: REPOSITORY, state: 'partial', bytes: kept });

    world.hub.rate = 0;
    const [pulled] = JSON.parse((await coca(['models', 'pull', REPOSITORY, '--json', '-q'])).stdout);
    expect(pulled.fetched).toBe(weights.length - kept);
    expect(filesUnder(world.cache).incomplete).toEqual([]);
    expect((await coca(['caption', BOOK, '-q', '--model', REPOSITORY])).stdout).toBe(BOOK_CAPTION);
  });

  test('a model that was cut is removed with what came of it', async () => {
    world.hub.fault = ({ server, headers }) => {
      if (server === 'hub') return undefined;
      return headers.range ? { kind: 'status', status: 404 } : { kind: 'cut', after: 5_000_000 };
    };
    expect((await coca(['models', 'pull', REPOSITORY])).code).toBe(2);
    expect(filesUnder(world.cache).incomplete).toHaveLength(1);
    expect((await coca(['models', 'remove', REPOSITORY])).code).toBe(0);
    expect(filesUnder(world.cache).all).toEqual([]);
  });

  test('fault 38: https never leads to http, and a certificate that nobody vouches for is no https', async () => {
    const certificate = join(world.cache, 'certificate.pem');
    const hub = await httpsRedirector(`${world.hub.url}/x`, certificate);
    try {
      const trusted = await coca(['models', 'pull', REPOSITORY], {
        HF_ENDPOINT: hub.url,
        HF_TOKEN: 'hf_a_secret',
        NODE_EXTRA_CA_CERTS: certificate,
      });
      expect(trusted).toMatchObject({ code: 2, stdout: '' });
      expect(trusted.stderr).toContain('not safe to follow');
      const untrusted = await coca(['models', 'pull', REPOSITORY], { HF_ENDPOINT: hub.url });
      expect(untrusted.stderr).toMatch(/certificate is not trusted.*\n.*NODE_EXTRA_CA_CERTS/);
      expect(world.hub.seen).toEqual([]);
    } finally {
      await hub.stop();
    }
  });

  test('a proxy that the environment names is gone through, unless the host is exempt', async () => {
    const proxy = await forwardProxy();
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: '' };
    try {
      expect((await coca(['models', 'pull', REPOSITORY, '-q'], { ...env, NO_PROXY: '127.0.0.1' })).code).toBe(0);
      expect(proxy.requests).toEqual([]);
      await coca(['models', 'remove', REPOSITORY]);
      expect((await coca(['models', 'pull', REPOSITORY, '-q'], env)).code).toBe(0);
      const hosts = [world.hub.url, world.hub.storageUrl].map((url) => new URL(url).host);
      expect(new Set(proxy.requests.map(({ url }) => new URL(url).host))).toEqual(new Set(hosts));
      for (const none of ['socks5://me:secret@x', 'http://me:100%secret@x']) {
        const { code, stderr } = await coca(['models', 'pull', REPOSITORY], { ...env, HTTP_PROXY: none });
        expect(code).toBe(64);
        expect(stderr).not.toContain('secret');
      }
    } finally {
      await proxy.stop();
    }
  });

  test('https goes through a tunnel of the proxy', async () => {
    const certificate = join(world.cache, 'certificate.pem');
    const [hub, proxy] = await Promise.all([httpsRedirector('/again', certificate), tunnel()]);
    try {
      const env = { HF_ENDPOINT: hub.url, HTTPS_PROXY: proxy.url, NO_PROXY: '', NODE_EXTRA_CA_CERTS: certificate };
      const { stderr } = await coca(['models', 'pull', REPOSITORY], env);
      expect(stderr).toContain('redirects');
      expect(new Set(proxy.targets)).toEqual(new Set([new URL(hub.url).host]));
    } finally {
      await Promise.all([hub.stop(), proxy.stop()]);
    }
  });

  test('no line of any failure repeats the token, not even with COCA_DEBUG', async () => {
    const env = { HF_TOKEN: 'hf_a_secret', COCA_DEBUG: '1' };
    for (const status of [401, 404, 500]) {
      world.hub.fault = () => ({ kind: 'status', status, headers: { 'retry-after': '0' } });
      const { stdout, stderr } = await coca(['models', 'pull', REPOSITORY], env);
      expect(stdout + stderr).not.toContain('hf_a_secret');
      expect(stderr).toContain(String(status));
    }
    const { stderr } = await coca(['models', 'pull', REPOSITORY], { ...env, HF_TOKEN: 'hf_a_\u0001_secret' });
    expect(stderr).toContain('HF_TOKEN');
    expect(stderr).not.toContain('_secret');
  });
});
