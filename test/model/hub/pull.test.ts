import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCoca } from '../../../src/model/store/load.js';
import { filesUnder, hubWorld, POLICY, pullAll, REPOSITORY, WEIGHTS } from '../../support/hub-fixture.js';
import { HubServer, type SeenRequest } from '../../support/hub-server.js';

const world = hubWorld();
const pull = (name = REPOSITORY, options = {}) => pullAll(name, world.env, options);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const weights = () => world.repository.files[WEIGHTS]!;
const folder = () => join(world.cache, 'models--someone--scenes');
const blob = () => join(folder(), 'blobs', sha256(weights()));
const kinds = (events: readonly { kind: string }[]) => [...new Set(events.map(({ kind }) => kind))];

/** A fault for the large file only, where it is stored. */
function whenStored(faults: (n: number, request: SeenRequest) => ReturnType<HubServer['fault']>): void {
  let count = 0;
  world.hub.fault = (request) => (request.server === 'storage' ? faults(count++, request) : undefined);
}

const ranges = () => world.hub.seen.filter(({ server }) => server === 'storage').map(({ headers }) => headers.range);

describe('what is written', () => {
  test('is the cache that huggingface_hub writes', async () => {
    const { model } = await pull();
    const commit = HubServer.commitOf(world.repository);
    expect(model).toMatchObject({ name: REPOSITORY, repository: REPOSITORY, commit });
    expect(model.folder).toBe(join(folder(), 'snapshots', commit));
    expect(readdirSync(model.folder).sort()).toEqual(Object.keys(world.repository.files).sort());
    for (const [name, bytes] of Object.entries(world.repository.files)) {
      const path = join(model.folder, name);
      const gitBlob = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
      const hash = bytes.length < 100_000 ? gitBlob : sha256(bytes);
      expect(readlinkSync(path)).toBe(join('..', '..', 'blobs', hash));
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
    expect(readFileSync(join(folder(), 'refs', 'main'), 'utf8')).toBe(commit);
    expect(filesUnder(world.cache).incomplete).toEqual([]);
  });

  test('safetensors are taken before .bin, and nothing that is not needed', async () => {
    const files = {
      ...world.repository.files,
      'open_clip_pytorch_model.bin': Buffer.alloc(5000),
      'merges.txt': Buffer.from('x'),
    };
    world.hub.add(REPOSITORY, { files });
    const { model } = await pull();
    expect(readdirSync(model.folder)).not.toContain('open_clip_pytorch_model.bin');
    expect(readdirSync(model.folder)).not.toContain('merges.txt');
  });

  test('with a tokenizer come the files that name its special tokens', async () => {
    const files = {
      ...world.repository.files,
      'tokenizer_config.json': Buffer.from('{"pad_token": "<pad>"}'),
      'special_tokens_map.json': Buffer.from('{}'),
      'vocab.json': Buffer.from('{}'),
    };
    world.hub.add(REPOSITORY, { files });
    const { model } = await pull();
    const { 'vocab.json': _, ...wanted } = files;
    expect(readdirSync(model.folder).sort()).toEqual(Object.keys(wanted).sort());
  });

  test('a list in several pages is read to its end', async () => {
    world.hub.pageSize = 1;
    expect((await pull()).model.bytes).toBe(
      Object.values(world.repository.files).reduce((sum, { length }) => sum + length, 0),
    );
  });

  test('a tag gets a ref of its own, a commit none', async () => {
    const commit = HubServer.commitOf(world.repository);
    world.hub.add(REPOSITORY, { ...world.repository, revisions: { 'release/1': commit } });
    expect((await pull(`${REPOSITORY}@release/1`)).model.name).toBe(`${REPOSITORY}@release/1`);
    expect(readFileSync(join(folder(), 'refs', 'release', '1'), 'utf8')).toBe(commit);
    await pull(`${REPOSITORY}@${commit}`);
    expect(readdirSync(join(folder(), 'refs'))).toEqual(['release']);
  });

  test('a cache that is a link to another disk is written through', async () => {
    const elsewhere = join(world.cache, 'disk');
    mkdirSync(elsewhere);
    const link = join(world.cache, 'link');
    symlinkSync(elsewhere, link);
    await pullAll(REPOSITORY, { ...world.env, HF_HUB_CACHE: link });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(elsewhere)).toEqual(['models--someone--scenes']);
  });

  test('it is loaded by name, again and again', async () => {
    await pull();
    Object.assign(process.env, world.env);
    for (let i = 0; i < 2; i++) {
      const coca = await loadCoca({ model: `hf-hub:${REPOSITORY}`, device: 'cpu' });
      expect(coca.name).toBe(REPOSITORY);
      await coca.close();
    }
  });
});

describe('what is here already', () => {
  test('is not fetched again, whoever fetched it', async () => {
    await pull();
    world.hub.seen.length = 0;
    const { model, events } = await pull();
    expect(model.fetched).toBe(0);
    expect(world.hub.seen.every(({ path }) => path.startsWith('/api/'))).toBe(true);
    expect(kinds(events)).toEqual(['checking', 'file', 'plan']);
  });

  test('a blob without its name in the snapshot gets one', async () => {
    const { model } = await pull();
    rmSync(model.folder, { recursive: true });
    expect((await pull()).model.fetched).toBe(0);
    expect(readFileSync(join(model.folder, WEIGHTS)).equals(weights())).toBe(true);
  });

  test('a changed file is noticed and fetched again', async () => {
    await pull();
    const changed = Buffer.from(weights());
    changed[5000]! ^= 1;
    writeFileSync(blob(), changed);
    const { model, events } = await pull();
    expect(events).toContainEqual({ kind: 'remark', text: expect.stringContaining('other bytes') });
    expect(model.fetched).toBe(weights().length);
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('a new commit is fetched, what it shares with the old one is not', async () => {
    await pull();
    const files = { ...world.repository.files, 'README.md': Buffer.from('another card') };
    world.hub.add(REPOSITORY, { files });
    const { model } = await pull();
    expect(model.fetched).toBe('another card'.length);
    expect(model.commit).toBe(HubServer.commitOf({ files }));
    expect(readdirSync(join(folder(), 'snapshots'))).toHaveLength(2);
  });

  test('a snapshot of real files, as where there are no links, is used', async () => {
    const { model } = await pull();
    for (const name of readdirSync(model.folder)) {
      const path = join(model.folder, name);
      renameSync(realpathSync(path), path);
    }
    world.hub.seen.length = 0;
    expect((await pull()).model.fetched).toBe(0);
    expect(lstatSync(join(model.folder, WEIGHTS)).isFile()).toBe(true);
  });
});

describe('fault 33: the wrong bytes', () => {
  test('of the right size: refused, nothing kept, no final name', async () => {
    const wrong = Buffer.from(weights());
    wrong[wrong.length - 1]! ^= 1;
    whenStored(() => ({ kind: 'bytes', bytes: wrong }));
    await expect(pull()).rejects.toMatchObject({
      code: 'bad-download',
      message: expect.stringContaining('wrong hash'),
    });
    const { all } = filesUnder(world.cache);
    expect(all.filter((path) => statSync(path).size === wrong.length)).toEqual([]);
    expect(readdirSync(folder())).not.toContain('refs');
  });

  test.each([
    ['shorter', -1],
    ['longer', 1],
  ])('%s than announced: refused before a byte is kept', async (_, difference) => {
    const bytes = Buffer.alloc(weights().length + difference);
    whenStored(() => ({ kind: 'bytes', bytes }));
    await expect(pull()).rejects.toMatchObject({ code: 'bad-download' });
    expect(filesUnder(world.cache).incomplete).toEqual([]);
  });

  test("of a small file: git's hash is compared, too", async () => {
    world.hub.fault = ({ path }) =>
      path.endsWith('/open_clip_config.json')
        ? { kind: 'bytes', bytes: Buffer.alloc(world.repository.files['open_clip_config.json']!.length, 0x20) }
        : undefined;
    await expect(pull()).rejects.toMatchObject({ code: 'bad-download' });
  });
});

describe('fault 34: cut downloads', () => {
  test('are gone on with where they stopped, within a run', async () => {
    whenStored((n) => (n < 2 ? { kind: 'cut', after: 3_000_000 } : undefined));
    const { model, events } = await pull();
    expect(model.fetched).toBe(Object.values(world.repository.files).reduce((sum, { length }) => sum + length, 0));
    const starts = ranges()
      .slice(-3)
      .map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? 'bytes=0-')![1]));
    expect(starts[0]).toBe(0);
    // What the system still had in its buffers when the connection was cut need not have arrived.
    expect(starts[1]).toBeGreaterThan(1_000_000);
    expect(starts[2]).toBeGreaterThan(starts[1]!);
    expect(kinds(events)).toContain('retrying');
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('and by the next run', async () => {
    whenStored((n) => (n === 0 ? { kind: 'cut', after: 5_000_000 } : { kind: 'status', status: 503 }));
    await expect(pull()).rejects.toMatchObject({ code: 'network' });
    const [partial] = filesUnder(world.cache).incomplete;
    const kept = statSync(partial!).size;
    expect(kept).toBeGreaterThan(1_000_000);
    whenStored(() => undefined);
    const { model } = await pull();
    expect(model.fetched).toBe(weights().length - kept);
    expect(ranges().at(-1)).toBe(`bytes=${kept}-`);
    expect(filesUnder(world.cache).incomplete).toEqual([]);
  });

  test('where the server sends whole files only, from the start', async () => {
    whenStored((n) => (n === 0 ? { kind: 'cut', after: 4_000_000 } : { kind: 'whole' }));
    const { events } = await pull();
    expect(events).toContainEqual(expect.objectContaining({ kind: 'restarting' }));
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test.each([
    ['refuses parts', { kind: 'status' as const, status: 416 }],
    ['sends other parts', { kind: 'status' as const, status: 206, headers: { 'content-range': 'bytes 7-8/*' } }],
  ])('where the server %s, from the start', async (_, fault) => {
    whenStored((n, { headers }) => {
      if (n === 0) return { kind: 'cut', after: 4_000_000 };
      return headers.range === undefined ? undefined : fault;
    });
    const { events } = await pull();
    expect(kinds(events)).toContain('restarting');
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('pieces that do not fit together are fetched again as a whole, once', async () => {
    const other = Buffer.alloc(weights().length, 7);
    const piecemeal = (n: number) => n % 2 === 0;
    whenStored((n) =>
      piecemeal(n) ? { kind: 'cut', after: 4_000_000 } : n === 1 ? { kind: 'bytes', bytes: other } : undefined,
    );
    expect(kinds((await pull()).events)).toContain('restarting');
    expect(readFileSync(blob()).equals(weights())).toBe(true);
    rmSync(world.cache, { recursive: true });
    whenStored((n) => (piecemeal(n) ? { kind: 'cut', after: 4_000_000 } : { kind: 'bytes', bytes: other }));
    await expect(pull()).rejects.toMatchObject({ message: expect.stringContaining('wrong hash') });
  });

  test('a server that never gets past the same place is given up', async () => {
    whenStored(() => ({ kind: 'whole', cutAfter: 4_000_000 }));
    await expect(pull()).rejects.toMatchObject({ code: 'network', message: expect.stringMatching(/tried 3 times/) });
    expect(ranges().length).toBeLessThan(12);
  });

  test('a part that is not of this file is found by its hash, and the file fetched from the start', async () => {
    mkdirSync(join(folder(), 'blobs'), { recursive: true });
    writeFileSync(
      join(folder(), 'blobs', `${sha256(weights())}.coca-free-0000000000000000.incomplete`),
      Buffer.alloc(1_000_000),
    );
    const { events } = await pull();
    expect(events).toContainEqual(expect.objectContaining({ kind: 'restarting' }));
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('a part longer than the file is thrown away', async () => {
    mkdirSync(join(folder(), 'blobs'), { recursive: true });
    const path = join(folder(), 'blobs', `${sha256(weights())}.coca-free-0000000000000000.incomplete`);
    writeFileSync(path, '');
    truncateSync(path, weights().length + 1);
    await pull();
    expect(readFileSync(blob()).equals(weights())).toBe(true);
    expect(filesUnder(world.cache).incomplete).toEqual([]);
  });

  test('Ctrl-C keeps what came', async () => {
    const controller = new AbortController();
    world.hub.rate = 20_000_000;
    const onEvent = (event: { kind: string; done?: number }) => {
      if (event.kind === 'progress' && event.done! > 2_000_000) controller.abort();
    };
    await expect(pull(REPOSITORY, { signal: controller.signal, onEvent })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(statSync(filesUnder(world.cache).incomplete[0]!).size).toBeGreaterThan(2_000_000);
  });
});

describe('fault 35: no room', () => {
  test('a file that does not fit is not begun', async () => {
    const size = 2 ** 52;
    world.hub.fault = ({ path }) => {
      if (!path.includes('/tree/')) return undefined;
      const config = world.repository.files['open_clip_config.json']!;
      const oid = createHash('sha1').update(`blob ${config.length}\0`).update(config).digest('hex');
      return {
        kind: 'json',
        json: [
          { type: 'file', path: 'open_clip_config.json', size: config.length, oid },
          { type: 'file', path: WEIGHTS, size, oid, lfs: { oid: sha256(weights()), size, pointerSize: 134 } },
        ],
      };
    };
    await expect(pull()).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringMatching(/needed .* free/),
    });
    expect(ranges()).toEqual([]);
  });
});

describe('fault 36: several at once', () => {
  test('two that begin in the same moment both end well', async () => {
    const [one, other] = await Promise.all([pull(), pull()]);
    expect(one.model.folder).toBe(other.model.folder);
    expect(filesUnder(world.cache).incomplete).toEqual([]);
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('the second waits for the first, also where that mends a damaged file', async () => {
    await pull();
    writeFileSync(blob(), 'damaged');
    world.hub.seen.length = 0;
    world.hub.rate = 40_000_000;
    let second: ReturnType<typeof pull> | undefined;
    const onEvent = ({ kind }: { kind: string }) => {
      if (kind === 'progress') second ??= pull();
    };
    const first = await pull(REPOSITORY, { onEvent });
    const { model, events } = await second!;
    expect(kinds(events)).toContain('waiting');
    expect([first.model.fetched, model.fetched]).toEqual([weights().length, 0]);
    expect(ranges()).toHaveLength(1);
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('and takes its place when it dies', async () => {
    world.hub.rate = 20_000_000;
    const controller = new AbortController();
    let second: ReturnType<typeof pull> | undefined;
    const onEvent = (event: { kind: string; done?: number }) => {
      if (event.kind !== 'progress' || event.done! < 1_000_000) return;
      second ??= pull(REPOSITORY, {
        onEvent: ({ kind }: { kind: string }) => {
          if (kind === 'waiting') controller.abort();
        },
      });
    };
    await expect(pull(REPOSITORY, { signal: controller.signal, onEvent })).rejects.toMatchObject({
      code: 'interrupted',
    });
    const { model } = await second!;
    expect(model.fetched).toBeLessThan(weights().length);
    expect(ranges().at(-1)).toMatch(/^bytes=\d+-$/);
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  const host = async () => {
    const { claimPartial } = await import('../../../src/model/hub/partial.js');
    const claim = await claimPartial(world.cache, '0'.repeat(40));
    return /coca-([0-9a-f]{8})-/.exec('path' in claim ? claim.path : '')![1]!;
  };

  test.each([
    ['a process that is gone', async () => `${await host()}-4194304`, 0],
    ['another machine that has not been heard of for long', async () => '12345678-1', 3600],
    ['a process whose number another one has now', async () => `${await host()}-${process.pid}`, 3600],
  ])('what %s left is taken over at once', async (_, owner, age) => {
    mkdirSync(join(folder(), 'blobs'), { recursive: true });
    const path = join(folder(), 'blobs', `${sha256(weights())}.coca-${await owner()}-0000000000000000.incomplete`);
    writeFileSync(path, weights().subarray(0, 6_000_000));
    const then = Date.now() / 1000 - age;
    utimesSync(path, then, then);
    const { model } = await pull();
    expect(model.fetched).toBeLessThan(weights().length - 5_900_000);
    expect(ranges().at(-1)).toBe('bytes=6000000-');
    expect(filesUnder(folder()).incomplete).toEqual([]);
  });

  test('partial files of Python are left alone', async () => {
    mkdirSync(join(folder(), 'blobs'), { recursive: true });
    const path = join(folder(), 'blobs', `${sha256(weights())}.0123abcd.incomplete`);
    writeFileSync(path, 'python');
    await pull();
    expect(readFileSync(path, 'utf8')).toBe('python');
  });
});

describe('fault 37: names that climb', () => {
  const entry = (path: string) => ({ type: 'file', path, size: 3, oid: '0'.repeat(40) });

  test.each(['../../evil', '/etc/evil', 'a/../../evil', 'a\\..\\evil', 'x\0y', '..'])(
    'a list with %j is refused whole',
    async (path) => {
      world.hub.fault = (request) =>
        request.path.includes('/tree/') ? { kind: 'json', json: [entry('README.md'), entry(path)] } : undefined;
      await expect(pull()).rejects.toMatchObject({ code: 'bad-download' });
      expect(filesUnder(world.cache).all).toEqual([]);
    },
  );

  test.each(['C:evil', 'CON', 'what is this?.png', 'x.'])(
    'a file called %j is left there, and the rest is fetched',
    async (path) => {
      world.hub.add(REPOSITORY, { files: { ...world.repository.files, [path]: Buffer.from('evil') } });
      const { model } = await pull();
      expect(readdirSync(model.folder).sort()).toEqual(Object.keys(world.repository.files).sort());
    },
  );

  test.each(['../../../evil', 'main', '', 'g'.repeat(40), 7, null])('the commit %j is refused', async (sha) => {
    world.hub.fault = (request) => (request.path.includes('/revision/') ? { kind: 'json', json: { sha } } : undefined);
    await expect(pull()).rejects.toMatchObject({ code: 'bad-download' });
  });

  test.each([
    [{ size: -1 }],
    [{ size: 2 ** 60 }],
    [{ size: '3' }],
    [{ oid: '../../evil' }],
    [{ lfs: { oid: '../../evil', size: 3 } }],
    [{ path: 7 }],
  ])('the entry %j is refused', async (change) => {
    const json = [{ ...entry('open_clip_config.json'), ...change }];
    world.hub.fault = (request) => (request.path.includes('/tree/') ? { kind: 'json', json } : undefined);
    await expect(pull()).rejects.toMatchObject({ code: 'bad-download' });
    expect(filesUnder(world.cache).all).toEqual([]);
  });

  test('a ref in the cache that climbs is no ref', async () => {
    await pull();
    writeFileSync(join(folder(), 'refs', 'main'), '../../../../etc');
    const { locateModel } = await import('../../../src/model/store/locate.js');
    await expect(locateModel(`hf-hub:${REPOSITORY}`, world.env)).rejects.toMatchObject({ code: 'not-found' });
  });

  test.skipIf(process.platform === 'win32')('a ref that is a pipe is no ref, and not waited for', async () => {
    await pull();
    const ref = join(folder(), 'refs', 'main');
    rmSync(ref);
    execFileSync('mkfifo', [ref]);
    const { locateModel } = await import('../../../src/model/store/locate.js');
    await expect(locateModel(`hf-hub:${REPOSITORY}`, world.env)).rejects.toMatchObject({ code: 'not-found' });
    // Another pull puts things right.
    await pull();
    expect((await locateModel(`hf-hub:${REPOSITORY}`, world.env)).path).toContain('snapshots');
  });
});

describe('fault 38: tokens and redirects', () => {
  const token = 'hf_a_secret';
  const withToken = () => pullAll(REPOSITORY, { ...world.env, HF_TOKEN: token });

  test('the token goes to the hub and to no other host', async () => {
    world.hub.add(REPOSITORY, { ...world.repository, token });
    await withToken();
    const sent = (server: string) =>
      world.hub.seen.filter((request) => request.server === server).map(({ headers }) => headers.authorization);
    expect(new Set(sent('hub'))).toEqual(new Set([`Bearer ${token}`]));
    expect(new Set(sent('storage'))).toEqual(new Set([undefined]));
  });

  test('nor over plain http to another machine', async () => {
    world.hub.add(REPOSITORY, { ...world.repository, token });
    // This machine too, but not by a name that says so.
    const HF_ENDPOINT = world.hub.url.replace('127.0.0.1', '0.0.0.0');
    const error = await pullAll(REPOSITORY, { ...world.env, HF_ENDPOINT, HF_TOKEN: token }).catch((failure) => failure);
    expect(error).toMatchObject({ code: 'denied', hint: expect.stringContaining('not sent') });
    expect(world.hub.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('nor with an answer of the API that is elsewhere', async () => {
    world.hub.fault = ({ server, path }) =>
      server === 'hub' && path.includes('/revision/')
        ? { kind: 'redirect', to: `${world.hub.storageUrl}/x` }
        : undefined;
    await expect(withToken()).rejects.toMatchObject({ code: 'denied' });
    const elsewhere = world.hub.seen.filter(({ server }) => server === 'storage');
    expect(elsewhere.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('a next page on another host is not asked for', async () => {
    world.hub.fault = ({ server, path }) =>
      server === 'hub' && path.includes('/tree/')
        ? { kind: 'json', json: [], headers: { link: `<${world.hub.storageUrl}/x>; rel="next"` } }
        : undefined;
    await expect(withToken()).rejects.toMatchObject({ code: 'network' });
    expect(world.hub.seen.some(({ server }) => server === 'storage')).toBe(false);
  });

  test.each([
    ['empty', []],
    ['of folders', [{ type: 'directory', path: 'd', size: 0, oid: '0'.repeat(40) }]],
    ['with the same file', [{ type: 'file', path: 'README.md', size: 3, oid: '0'.repeat(40) }]],
  ])('pages without end are given up when they are %s, too', async (_, json) => {
    world.hub.fault = ({ path }) =>
      path.includes('/tree/')
        ? { kind: 'json', json, headers: { link: `<${world.hub.url}${path}>; rel="next"` } }
        : undefined;
    await expect(pull()).rejects.toMatchObject({ code: 'network', message: expect.stringContaining('without end') });
    expect(world.hub.seen.length).toBeLessThan(200);
  });

  test.each(['file:///etc/passwd', 'ftp://x/y', 'data:,x', 'http://user:pw@127.0.0.1/', 'http://'])(
    'a redirect to %s is not followed',
    async (to) => {
      world.hub.fault = ({ path }) => (path.includes('/resolve/') ? { kind: 'redirect', to } : undefined);
      const error = await withToken().catch((failure) => failure);
      expect(error).toMatchObject({ code: 'network' });
      expect(error.message).not.toContain('pw');
    },
  );

  test('a loop of redirects ends', async () => {
    world.hub.fault = ({ path }) => (path.includes('/resolve/') ? { kind: 'redirect', to: '?again' } : undefined);
    await expect(withToken()).rejects.toMatchObject({ code: 'network', message: expect.stringContaining('redirects') });
    expect(world.hub.seen.length).toBeLessThan(20);
  });

  test('no message repeats a token, or the signature of an address', async () => {
    for (const status of [400, 401, 403, 404, 429, 500]) {
      whenStored(() => ({ kind: 'status', status }));
      const error = await withToken().catch((failure) => failure);
      expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toMatch(/hf_a_secret|Signature/);
    }
  });
});

describe('fault 39: refusals and failures', () => {
  const fail = async (status: number, headers: Record<string, string> = {}, env: NodeJS.ProcessEnv = {}) => {
    world.hub.seen.length = 0;
    world.hub.fault = () => ({ kind: 'status', status, headers });
    const error = await pullAll(REPOSITORY, { ...world.env, ...env }).catch((failure) => failure);
    return { error, requests: world.hub.seen.length };
  };

  test('each has a message of its own, and is tried again only where that may help', async () => {
    const results = {
      anonymous: await fail(401),
      refused: await fail(401, {}, { HF_TOKEN: 'hf_x' }),
      gated: await fail(403, { 'x-error-code': 'GatedRepo' }),
      missing: await fail(404),
      revision: await fail(404, { 'x-error-code': 'RevisionNotFound' }),
      busy: await fail(429),
      broken: await fail(500),
      odd: await fail(418),
    };
    const messages = Object.values(results).map(({ error }) => error.message.replace(/^\S+ /, ''));
    expect(new Set(messages).size).toBe(messages.length);
    const codes = Object.fromEntries(Object.entries(results).map(([key, { error }]) => [key, error.code]));
    expect(codes).toEqual({
      anonymous: 'denied',
      refused: 'denied',
      gated: 'denied',
      missing: 'not-found',
      revision: 'not-found',
      busy: 'network',
      broken: 'network',
      odd: 'network',
    });
    const requests = Object.fromEntries(Object.entries(results).map(([key, result]) => [key, result.requests]));
    expect(requests).toEqual({
      anonymous: 1,
      refused: 1,
      gated: 1,
      missing: 1,
      revision: 1,
      busy: POLICY.tries,
      broken: POLICY.tries,
      odd: 1,
    });
    for (const { error } of Object.values(results)) if (error.code !== 'network') expect(error.hint).toBeTruthy();
  });

  test('Retry-After is waited for', async () => {
    let count = 0;
    let askedAt = 0;
    world.hub.fault = () => {
      if (count++ > 0) return undefined;
      askedAt = performance.now();
      return { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
    };
    const { events } = await pull();
    const retrying = events.find((event) => event.kind === 'retrying');
    expect(retrying).toMatchObject({ delayMs: 1000 });
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(990);
  });

  test.each([
    [{ 'retry-after': '86400' }, /1440 min/],
    [{ 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }, /(59|60) min/],
    [{ ratelimit: '"api";r=0;t=240' }, /4 min/],
  ])('but not for ever: %j', async (headers, message) => {
    const { error, requests } = await fail(429, headers as Record<string, string>);
    expect(error.message).toMatch(message);
    expect(requests).toBe(1);
  });

  test('a failure that passes is survived', async () => {
    let count = 0;
    world.hub.fault = () => (count++ % 3 === 0 ? { kind: 'status', status: 503 } : undefined);
    expect((await pull()).model.repository).toBe(REPOSITORY);
  });

  test('no answer, and an answer that stalls', async () => {
    const impatient = { ...world.env, HF_HUB_ETAG_TIMEOUT: '0.3', HF_HUB_DOWNLOAD_TIMEOUT: '0.3' };
    world.hub.fault = () => ({ kind: 'stall', after: -1 });
    await expect(pullAll(REPOSITORY, impatient)).rejects.toMatchObject({
      message: expect.stringContaining('no answer within 0.3 s'),
    });
    whenStored(() => ({ kind: 'stall', after: 5_000_000 }));
    // What came before each stall counts as progress, so it does end.
    const { events } = await pullAll(REPOSITORY, impatient);
    expect(events).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('no data for 0.3 s') }));
    expect(readFileSync(blob()).equals(weights())).toBe(true);
  });

  test('an answer that trickles', async () => {
    world.hub.fault = ({ path }) => (path.includes('/tree/') ? { kind: 'trickle', everyMs: 10 } : undefined);
    await expect(pullAll(REPOSITORY, { ...world.env, HF_HUB_DOWNLOAD_TIMEOUT: '0.3' })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('without end'),
    });
  });

  test('nobody there, and no such host', async () => {
    const { url } = world.hub;
    await world.hub.stop();
    await expect(pull()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('connection refused'),
    });
    await expect(pullAll(REPOSITORY, { ...world.env, HF_ENDPOINT: 'http://nowhere.invalid' })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/nowhere\.invalid/),
    });
    await world.hub.start(Number(new URL(url).port));
  });

  test.each([
    ['text that is no JSON', { kind: 'bytes' as const }],
    ['an object instead of a list', { kind: 'json' as const, json: { a: 1 } }],
    ['null', { kind: 'json' as const, json: null }],
  ])('an API that answers %s', async (_, fault) => {
    world.hub.fault = ({ path }) => {
      if (!path.startsWith('/api/')) return undefined;
      return fault.kind === 'json' ? fault : { kind: 'redirect', to: `/${REPOSITORY}/resolve/main/README.md` };
    };
    await expect(pull()).rejects.toMatchObject({ code: 'bad-download', hint: expect.stringContaining('HF_ENDPOINT') });
  });

  test('a repository whose model is not known here is refused before its weights are fetched', async () => {
    const config = { model_cfg: { embed_dim: 512, vision_cfg: { layers: [3, 4, 6, 3] }, text_cfg: {} } };
    const files = { ...world.repository.files, 'open_clip_config.json': Buffer.from(JSON.stringify(config)) };
    world.hub.add(REPOSITORY, { files });
    await expect(pull()).rejects.toMatchObject({ code: 'bad-config', message: expect.stringContaining(REPOSITORY) });
    const { 'open_clip_config.json': _, ...without } = world.repository.files;
    world.hub.add(REPOSITORY, { files: without });
    await expect(pull()).rejects.toMatchObject({ code: 'not-found' });
    world.hub.add(REPOSITORY, { files: { 'open_clip_config.json': files['open_clip_config.json']! } });
    await expect(pull()).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('no weights') });
    expect(ranges()).toEqual([]);
  });
});

describe('fault 40: offline', () => {
  const offline = () => pullAll(REPOSITORY, { ...world.env, HF_HUB_OFFLINE: '1' });

  test('without the cache: says so, and asks nobody', async () => {
    await expect(offline()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('HF_HUB_OFFLINE'),
    });
    expect(world.hub.seen).toEqual([]);
  });

  test('with it: what is here', async () => {
    const { model } = await pull();
    world.hub.seen.length = 0;
    expect((await offline()).model).toMatchObject({ folder: model.folder, commit: model.commit, fetched: 0 });
    expect(world.hub.seen).toEqual([]);
    expect(dirname(model.folder)).toBe(join(folder(), 'snapshots'));
  });
});
