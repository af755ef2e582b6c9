/**
 * npm run bench -- serve [SECONDS]: 16 clients of `coca serve` on loopback, each with its next picture once it has its caption, beside
 * `coca caption --batch auto` over the same pictures, before and after: the machine's speed wanders. Errors, captions a second,
 * latencies, and the server's memory at the beginning, at every sixth of the time, and at the end.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';

const CLIENTS = 16;
const PICTURES = 600;
const [seconds = '60'] = process.argv.slice(3);
const CLI = new URL('../dist/cli.js', import.meta.url).pathname;

const folder = mkdtempSync(join(tmpdir(), 'coca-bench-'));
try {
  coca('scenes', folder, '--count', String(PICTURES), '-q');
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.png'))
    .map((name) => join(folder, name));
  const batches = [batchRate(names)];
  const { pid, address, end } = await startServer();
  try {
    const resident = [await residentMB(address)];
    const watch = setInterval(async () => resident.push(await residentMB(address)), (Number(seconds) * 1000) / 6);
    const result = await autocannon({
      url: `${address}/v1/caption`,
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      connections: CLIENTS,
      duration: Number(seconds),
      requests: names.map((name) => ({ body: readFileSync(name) })),
    });
    clearInterval(watch);
    resident.push(await residentMB(address));
    await end();
    batches.push(batchRate(names));
    const rate = result['2xx'] / result.duration;
    const row = {
      seconds: result.duration,
      clients: CLIENTS,
      pid,
      captions: result['2xx'],
      refused: result.non2xx,
      errors: result.errors + result.timeouts,
      perSecond: rate,
      batchPerSecond: batches,
      ofBatch: rate / ((batches[0]! + batches[1]!) / 2),
      ms: { p50: result.latency.p50, p99: result.latency.p99, max: result.latency.max },
      residentMB: resident,
    };
    process.stdout.write(`${JSON.stringify(row, undefined, 1)}\n`);
  } finally {
    await end();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function coca(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Captions a second of the command, without its start: the time of all pictures less that of one. */
function batchRate(names: readonly string[]): number {
  const timed = (some: readonly string[]): number => {
    const start = performance.now();
    coca('caption', '--batch', 'auto', '--model', 'scenes', '-q', ...some);
    return performance.now() - start;
  };
  const one = timed(names.slice(0, 1));
  return ((names.length - 1) * 1000) / (timed(names) - one);
}

async function startServer() {
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', '--json', '-q', '--model', 'scenes'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  const { pid, address } = JSON.parse(said) as { readonly pid: number; readonly address: string };
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = () => {
    child.kill('SIGTERM');
    return closed;
  };
  return { pid, address, end };
}

async function residentMB(address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)![1]) / 1e6;
}
