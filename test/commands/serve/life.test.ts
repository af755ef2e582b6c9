import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startCoca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { childrenOf, engineOf, until, untilGone } from '../../support/processes.js';
import { startServe, type TestServer } from '../../support/server.js';

const BOOK = fixture('scenes/0001.png');
const CAPTION = 'a small book on a pink background';
const { at, write } = temporaryFolder();
const bytes = readFileSync(BOOK);

const running: TestServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.end('SIGKILL').catch(() => undefined);
});
async function start(...args: string[]): Promise<TestServer> {
  running.push(await startServe(args));
  return running.at(-1)!;
}

/** A caption of many words and beams: it takes a while. */
const SLOW = 'caption?beams=30&max_length=16&min_length=16';
const ask = (server: TestServer, path = 'caption', headers: Record<string, string> = {}) =>
  fetch(`${server.address}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'image/png', ...headers },
    body: bytes,
  });
const captionOf = async (response: Response) => ((await response.json()) as { caption: string }).caption;

test('ended by a signal while it works: what it works on is finished, exit code 0, and its engine is gone', async () => {
  const server = await start('--port', '0', '-q');
  const [engine] = childrenOf(server.pid);
  const asked = Array.from({ length: 12 }, () => ask(server, SLOW));
  // The first is answered, the others are on their way.
  await Promise.race(asked);
  const ended = server.end('SIGTERM');
  for (const response of await Promise.all(asked)) {
    if (response.status === 200) expect((await captionOf(response)).length).toBeGreaterThan(0);
    else expect(await response.json()).toMatchObject({ error: { code: 'ending' } });
  }
  expect(await ended).toBe(0);
  await untilGone(engine!);
  expect(server.log()).toBe('');
});

test('an engine that is killed takes the requests that it works on with it, and no others', async () => {
  const server = await start('--port', '0');
  const engine = await engineOf(server.pid);
  const asked = Array.from({ length: 20 }, () => ask(server, SLOW));
  // More than stand side by side: once the first is answered, others still wait.
  await Promise.race(asked);
  process.kill(engine, 'SIGKILL');
  const statuses = new Set<number>();
  for (const response of await Promise.all(asked)) {
    statuses.add(response.status);
    if (response.status === 200) continue;
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error: { code: 'engine' } });
  }
  expect([...statuses].sort()).toEqual([200, 503]);
  await until('the engine ended', () => server.log().includes('engine ended'));
  const next = await ask(server);
  expect(next.status).toBe(200);
  expect(await captionOf(next)).toBe(CAPTION);
  expect(await engineOf(server.pid)).not.toBe(engine);
  const metrics = await (await fetch(`${server.address}/metrics`)).text();
  expect(metrics).toMatch(/^coca_engine_ends_total\{model="scenes"\} 1$/m);
});

describe('clients that mean harm', () => {
  test('ten thousand idle connections, heads and bodies that never end: others are served', async () => {
    const server = await start('--port', '0', '-q');
    const { port } = new URL(server.address);
    const lines = [
      '',
      'POST /v1/caption HTTP/1.1\r\nhost: localhost\r\nx-slow: ',
      'POST /v1/caption HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\nab',
      'POST /v1/caption HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
    ];
    const open = (line: string) => {
      const socket = connect(Number(port), '127.0.0.1');
      return new Promise<typeof socket>((resolve) => {
        socket
          .on('error', () => resolve(socket))
          .once('connect', () => {
            socket.write(line);
            resolve(socket);
          });
      });
    };
    // No more than this process may have open at once, in as many at a time as wait to be accepted.
    const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | string } } };
    const limit = Number(userLimits?.open_files.soft);
    const count = Math.min(10_000, Number.isFinite(limit) ? limit - 500 : Infinity);
    const sockets: Awaited<ReturnType<typeof open>>[] = [];
    try {
      while (sockets.length < count) {
        const some = Array.from({ length: 250 }, (_, i) => open(lines[i % lines.length]!));
        sockets.push(...(await Promise.all(some)));
      }
      expect(sockets.filter((socket) => socket.connecting)).toEqual([]);
      for (let i = 0; i < 3; i++) expect(await captionOf(await ask(server))).toBe(CAPTION);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    expect(await captionOf(await ask(server))).toBe(CAPTION);
    expect(await server.end()).toBe(0);
  });

  test('what is no HTTP, heads of many kilobytes, two bodies in one', async () => {
    const server = await start('--port', '0', '-q');
    const { port } = new URL(server.address);
    const send = (text: string) =>
      new Promise<string>((resolve) => {
        let said = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.end(text));
        socket.setEncoding('utf8').on('data', (piece) => {
          said += piece;
        });
        socket.on('error', () => resolve(said)).on('close', () => resolve(said));
      });
    expect(await send('\x16\x03\x01hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await send(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    const smuggled =
      'POST /v1/caption HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await send(smuggled)).toMatch(/^HTTP\/1.1 400/);
    expect(await captionOf(await ask(server))).toBe(CAPTION);
  });
});

describe('who may ask', () => {
  test('nothing beyond this machine without a token; with one, those who show it', async () => {
    const open = await startCoca(['serve', '--host', '0.0.0.0', '--port', '0']);
    expect([open.code, open.stderr]).toEqual([64, expect.stringContaining('there is no token')]);
    const empty = await startCoca(['serve', '--port', '0', '--token-file', write('empty', ' \n')]);
    expect([empty.code, empty.stderr]).toEqual([64, expect.stringContaining('holds no token')]);
    const token = write('token', 'open-sesame\n');
    const server = await start('--host', '0.0.0.0', '--port', '0', '--token-file', token, '-q');
    const { port } = new URL(server.address);
    const reached = { ...server, address: `http://127.0.0.1:${port}` };
    for (const authorization of ['', 'Bearer', 'Bearer open-sesam', 'Basic open-sesame']) {
      const refused = await ask(reached, 'caption', { authorization });
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
    const shown = await ask(reached, 'caption', { authorization: 'Bearer open-sesame' });
    expect(await captionOf(shown)).toBe(CAPTION);
  });

  test('a socket that only its user can reach; a stale one is taken away, one in use is not', async () => {
    const socket = at('coca.sock');
    const server = await start('--socket', socket);
    expect(server.address).toBe(`unix:${socket}`);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const second = await startCoca(['serve', '--socket', socket]);
    expect([second.code, second.stderr]).toEqual([64, expect.stringContaining('another program listens')]);
    await server.end('SIGKILL');
    const again = await start('--socket', socket);
    expect(again.address).toBe(`unix:${socket}`);
    writeFileSync(at('file'), '');
    const file = await startCoca(['serve', '--socket', at('file')]);
    expect([file.code, file.stderr]).toEqual([64, expect.stringContaining('is no socket')]);
  });

  test('pictures in a folder that was named, by their names there', async () => {
    const server = await start('--port', '0', '--allow-path', fixture('scenes'), '-q');
    const response = await fetch(`${server.address}/v1/caption`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ image: '0001.png' }),
    });
    expect(await response.json()).toMatchObject({ image: '0001.png', caption: CAPTION });
  });
});

test('a port that is taken, a model that is not there', async () => {
  const server = await start('--port', '0');
  const { port } = new URL(server.address);
  const second = await startCoca(['serve', '--port', port]);
  expect([second.code, second.stderr]).toEqual([64, expect.stringContaining('another program listens there')]);
  const none = await startCoca(['serve', '--port', '0', '--model', 'nothere', '-q']);
  expect([none.code, none.stdout, none.stderr]).toEqual([2, '', expect.stringContaining('no such file')]);
});

test('several models by name; two of one name are not served', async () => {
  cpSync(fixture('models/scenes'), at('other'), { recursive: true });
  const server = await start('--port', '0', '--models', `scenes,${at('other')}`);
  const models = (await (await fetch(`${server.address}/v1/models`)).json()) as { data: { id: string }[] };
  expect(models.data.map(({ id }) => id)).toEqual(['scenes', 'other']);
  const twice = await startCoca(['serve', '--port', '0', '--models', 'scenes,scenes', '-q']);
  expect([twice.code, twice.stderr]).toEqual([64, expect.stringContaining('two of the models')]);
});

test('in the background: it stays, is found by the commands that would load its model, and ends when told to', async () => {
  const env = { COCA_CACHE: at('cache'), COCA_SERVER: '' };
  const run = (...args: string[]) => startCoca(args, { env });
  expect(await run('serve', '--status')).toMatchObject({ code: 2, stderr: expect.stringContaining('no server runs') });
  const started = await run('serve', '--background', '--model', 'scenes', '--json');
  expect(started.code).toBe(0);
  const { pid, address } = JSON.parse(started.stdout);
  try {
    expect(statSync(join(at('cache'), 'server', 'server.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(at('cache'), 'server')).mode & 0o777).toBe(0o700);
    expect((await run('serve', '--background')).code).toBe(64);
    expect((await run('serve', '--status')).stdout).toBe(`${address}\n`);
    const asked = await run('caption', BOOK, '--verbose');
    expect(asked.stdout).toBe(`${CAPTION}\n`);
    expect(asked.stderr).toContain(`${address} has it loaded`);
    const other = await run('caption', BOOK, '--verbose', '--precision', 'int8');
    expect(other.stdout).toBe(`${CAPTION}\n`);
    expect(other.stderr).not.toContain('has it loaded');
  } finally {
    expect((await run('serve', '--stop')).code).toBe(0);
  }
  await untilGone(pid);
  const asked = await run('caption', BOOK, '--verbose');
  expect([asked.stdout, asked.stderr]).toEqual([`${CAPTION}\n`, expect.not.stringContaining('has it loaded')]);
  const failed = await run('serve', '--background', '--model', 'nothere');
  expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining('no such file')]);
});
