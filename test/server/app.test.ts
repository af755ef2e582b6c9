import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { loadCoca } from '../../src/model/index.js';
import type { Operation } from '../../src/server/routes/operations.js';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.js';
import { until } from '../support/processes.js';

/** An operation that ends when it is told to, or its request is over. */
class Gate implements Operation {
  readonly name = 'wait';
  readonly begun: AbortSignal[] = [];
  open = (): void => undefined;

  readonly run = ({ signal }: { readonly signal: AbortSignal }): Promise<object> => {
    this.begun.push(signal);
    return new Promise((resolve, reject) => {
      this.open = () => resolve({ done: true });
      signal.addEventListener('abort', () => reject(new Error('stopped')));
    });
  };
}

const lines: string[] = [];
let server: RunningServer | undefined;
afterEach(async () => {
  await server?.close(0);
  server = undefined;
  lines.length = 0;
});

async function start(gate: Gate, options: Partial<ServerOptions> = {}): Promise<string> {
  server = await startServer({
    place: { host: '127.0.0.1', port: 0 },
    token: undefined,
    models: ['scenes'],
    how: { device: 'cpu' },
    load: loadCoca,
    operations: [gate],
    batch: 4,
    queue: 2,
    timeoutMs: 3_600_000,
    maxBody: 10_000,
    maxPixels: 1e6,
    sources: {},
    log: (line) => void lines.push(line),
    ...options,
  });
  return server.address;
}

const ask = (address: string): Promise<Response> =>
  fetch(`${address}/v1/wait`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'a picture' });

test('more requests than the queue has room for are told when to come again; the others do not notice', async () => {
  const gate = new Gate();
  const address = await start(gate, { queue: 1 });
  const first = ask(address);
  await until('a request', () => gate.begun.length === 1);
  const second = await ask(address);
  expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await second.json()).toMatchObject({ error: { code: 'busy', type: 'rate_limit_error' } });
  gate.open();
  expect(await (await first).json()).toEqual({ done: true });
});

test('what takes too long is stopped: 504', async () => {
  const gate = new Gate();
  const response = await ask(await start(gate, { timeoutMs: 1 }));
  expect(response.status).toBe(504);
  expect(gate.begun[0]!.aborted).toBe(true);
});

test('a client that goes has its work stopped', async () => {
  const gate = new Gate();
  const { port } = new URL(await start(gate));
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('POST /v1/wait HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\ncontent-length: 2\r\n\r\nab');
  await until('a request', () => gate.begun.length === 1);
  socket.destroy();
  await until('its end', () => gate.begun[0]!.aborted);
  await until('its line', () => lines.some((line) => line.includes('"status":499')));
});

test('at its end it takes nothing new, and waits for what it works on; after its grace, no more', async () => {
  const gate = new Gate();
  const address = await start(gate);
  const first = ask(address);
  await until('a request', () => gate.begun.length === 1);
  const closed = server!.close(3_600_000);
  const late = await ask(address);
  expect([late.status, late.headers.get('connection')]).toEqual([503, 'close']);
  expect((await fetch(`${address}/healthz`)).status).toBe(503);
  gate.open();
  expect(await (await first).json()).toEqual({ done: true });
  expect(await closed).toBe(0);

  const other = await start(gate);
  const second = ask(other);
  await until('a request', () => gate.begun.length === 2);
  expect(await server!.close(1)).toBe(1);
  expect((await second).status).toBe(503);
});

test('bodies that never end hold no more than a bound, and whole ones get through once they are gone', async () => {
  const gate = new Gate();
  const { port, origin } = new URL(await start(gate, { queue: 100 }));
  const head = 'POST /v1/wait HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\ncontent-length: 9000\r\n\r\n';
  const held = async (): Promise<number> =>
    Number(/^coca_body_bytes (\d+)$/m.exec(await (await fetch(`${origin}/metrics`)).text())![1]);
  const sockets = Array.from({ length: 40 }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined).write(head + 'x'.repeat(8999));
    return socket;
  });
  const refused = sockets.map(
    (socket) => new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data)))),
  );
  expect(await Promise.race(refused)).toMatch(/^HTTP\/1.1 429 /);
  expect(await held()).toBeLessThanOrEqual(16 * 10_000 + 40 * 9000);
  for (const socket of sockets) socket.destroy();
  while ((await held()) > 0);
  const whole = ask(origin);
  await until('a request', () => gate.begun.length === 1);
  gate.open();
  expect((await whole).status).toBe(200);
});

test('an error that no one expected is told to the log, and not to the client', async () => {
  const gate = new Gate();
  const address = await start(gate, {
    operations: [{ name: 'wait', run: () => Promise.reject(new Error('/secret/path')) }],
  });
  const response = await ask(address);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
  expect(lines.join('')).toContain('/secret/path');
});
