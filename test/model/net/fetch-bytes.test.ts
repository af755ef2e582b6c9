import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { CocaError } from '../../../src/model/base/errors.js';
import { publicName, withoutPasswords } from '../../../src/model/net/address.js';
import { type FetchOptions, fetchBytes } from '../../../src/model/net/fetch-bytes.js';
import { forwardProxy } from '../../support/proxy.js';

type Handler = (request: IncomingMessage, reply: ServerResponse) => void;

/** A server of its own, whose requests are kept. */
async function serve(paths: Record<string, Handler>) {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, reply) => {
    requests.push(request);
    const handler = paths[request.url!];
    if (handler) handler(request, reply);
    else reply.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    base: `http://${host}`,
    requests,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const QUICK = { tries: 3, firstDelayMs: 1, longestDelayMs: 1000 };
const options = (more: Partial<FetchOptions> = {}): FetchOptions => ({
  limit: 1 << 20,
  tooLarge: () => new CocaError('unreadable', 'too large'),
  retries: QUICK,
  ...more,
});

const redirect =
  (to: string | Buffer): Handler =>
  (_, reply) => {
    // Node refuses what is not Latin-1 in a header; servers do not.
    const location = Buffer.from(to).toString('latin1');
    reply.writeHead(302, { location }).end();
  };

let failures = 0;
let other: Awaited<ReturnType<typeof serve>>;
let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  other = await serve({ '/here': (_, reply) => reply.end('other') });
  server = await serve({
    '/plain': (_, reply) => reply.end('plain'),
    '/moved': redirect('/plain'),
    '/utf8': redirect('/caf\u00e9'),
    '/caf%C3%A9': (_, reply) => reply.end('café'),
    '/latin1': redirect(Buffer.from('/caf\u00e9', 'latin1')),
    '/away': redirect(`${other.base}/here`),
    '/with-user': redirect('http://eve:hush@127.0.0.1/here'),
    '/loop': redirect('/loop'),
    '/file': redirect('file:///etc/hostname'),
    '/broken': (_, reply) => reply.writeHead(501).end(),
    '/busy-once': (_, reply) => (failures++ === 0 ? reply.writeHead(503).end() : reply.end('at last')),
    '/busy': (_, reply) => reply.writeHead(503).end(),
    '/later': (_, reply) => reply.writeHead(429, { 'retry-after': '3600' }).end(),
    '/secret': ({ headers }, reply) =>
      headers.authorization === undefined ? reply.writeHead(401).end() : reply.end(headers.authorization),
    '/endless': (_, reply) => {
      reply.writeHead(200);
      const more = () => {
        while (!reply.destroyed && reply.write(Buffer.alloc(65536)));
        if (!reply.destroyed) reply.once('drain', more);
      };
      more();
    },
    '/trickle': (_, reply) => {
      reply.writeHead(200);
      const timer = setInterval(() => reply.write('.'), 20);
      reply.on('close', () => clearInterval(timer));
    },
    '/huge': (_, reply) => reply.writeHead(200, { 'content-length': String(1e12) }).flushHeaders(),
    '/silent': () => undefined,
    '/stalls': (_, reply) => reply.writeHead(200).write('begun'),
    '/encoding': ({ headers }, reply) => reply.end(headers['accept-encoding']),
  });
});
afterAll(() => {
  server.stop();
  other.stop();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const text = async (path: string, more?: Partial<FetchOptions>) =>
  (await fetchBytes(server.base + path, options(more))).toString();

test.each([
  ['/plain', 'plain'],
  ['/moved', 'plain'],
  ['/utf8', 'café'],
  ['/latin1', 'café'],
  ['/away', 'other'],
  ['/busy-once', 'at last'],
  // A server that compresses all the same could send more than the limit.
  ['/encoding', 'identity'],
])('%s: its bytes', async (path, body) => {
  expect(await text(path)).toBe(body);
});

const PATIENCE = { answerTimeoutMs: 200, stallTimeoutMs: 200 };

test.each<[string, string, RegExp, Partial<FetchOptions>?]>([
  ['/nothing', 'not-found', /\/nothing: not found \(404\)/],
  ['/broken', 'network', /501/],
  ['/busy', 'network', /503.*tried 3 times/],
  ['/later', 'network', /429.*60 min/],
  ['/loop', 'network', /more than 10 redirects/],
  ['/file', 'network', /file:.*not safe/],
  ['/with-user', 'network', /not safe/],
  ['/huge', 'unreadable', /too large/],
  ['/endless', 'unreadable', /too large/],
  ['/silent', 'network', /no answer within 0\.2 s/, { patience: PATIENCE }],
  ['/stalls', 'network', /no data for 0\.2 s/, { patience: PATIENCE }],
  ['/trickle', 'network', /not all there after 0\.2 s/, { longestMs: 200 }],
])('%s is %s', async (path, code, message, more) => {
  await expect(text(path, more)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('an address that is none is wrong usage', async () => {
  await expect(fetchBytes('http://a b:c/', options())).rejects.toMatchObject({ code: 'usage' });
});

test('the beginning is looked at before the rest is waited for', async () => {
  const check = (start: Uint8Array) => {
    throw new CocaError('bad-image', `no picture: ${start.length}`);
  };
  await expect(text('/endless', { limit: 1e15, look: { bytes: 10, check } })).rejects.toMatchObject({
    message: 'no picture: 10',
  });
  // Shorter than what is looked at: all of it is shown.
  await expect(text('/plain', { look: { bytes: 10, check } })).rejects.toMatchObject({ message: 'no picture: 5' });
});

describe('a user and password in an address', () => {
  test.each([
    ['me:hush', 'me:hush'],
    ['me', 'me:'],
    ['m%40e:h%3Aush', 'm@e:h:ush'],
    ['me:50%', 'me:50%'],
    ['me:a:b@c', 'me:a:b@c'],
  ])('%s is sent as Basic', async (user, sent) => {
    const name = publicName(`http://${user}@${server.host}/secret`);
    expect(name).toBe(`${server.base}/secret`);
    const header = (await fetchBytes(name, options())).toString();
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe(sent);
  });

  test('goes to no other host, and into no message', async () => {
    const name = publicName(`http://me:hush@${server.host}/away`);
    await fetchBytes(name, options());
    expect(other.requests.at(-1)!.headers.authorization).toBeUndefined();
    const gone = publicName(`http://me:hush@${server.host}/gone`);
    const error = await fetchBytes(gone, options()).catch((caught: CocaError) => caught);
    expect(`${(error as CocaError).message} ${(error as CocaError).hint}`).not.toContain('hush');
  });

  test('other words are called what they are', () => {
    for (const word of ['a@b.png', 'http://host/a@b.png', 'http://host/?q=a:b@c', 'file://me@host/x']) {
      expect(publicName(word)).toBe(word);
    }
    expect(withoutPasswords('see http://me:hush@host/a and https://x@y/, not a@b')).toBe(
      'see http://host/a and https://y/, not a@b',
    );
  });
});

describe('through a proxy', () => {
  test('http is asked of it by the whole address, without a tunnel, with its own user', async () => {
    const proxy = await forwardProxy();
    vi.stubEnv('HTTP_PROXY', proxy.url.replace('//', '//me:p%40ss@'));
    vi.stubEnv('http_proxy', '');
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('no_proxy', '');
    try {
      expect(await text('/plain')).toBe('plain');
      expect(proxy.requests).toEqual([
        { url: `${server.base}/plain`, authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` },
      ]);
    } finally {
      await proxy.stop();
    }
  });
});
