import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CLI } from './cli.js';
import { until } from './processes.js';

/** A server that a test has started. */
export interface TestServer {
  readonly address: string;
  readonly pid: number;
  /** What it has written to stderr. */
  readonly log: () => string;
  /** @returns its exit code, or the signal that ended it */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | string | null>;
}

/** Starts `coca serve` as a shell would, and waits until it is ready. */
export async function startServe(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<TestServer> {
  const child = spawn(process.execPath, [CLI, 'serve', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COCA_MODEL: '', COCA_SERVER: '', ...env },
  });
  const ended = once(child, 'close');
  let said = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  await until('the address of a server', () => said.endsWith('\n') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`no server: ${log}`);
  return {
    address: JSON.parse(said).address,
    pid: child.pid!,
    log: () => log,
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      const [code, by] = await ended;
      return code ?? by;
    },
  };
}
