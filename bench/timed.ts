import { type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often the memory of a process is looked at. */
const LOOK_MS = 100;

export interface Done {
  readonly seconds: number;
  /** Bytes, of the process and, for the peer, of its workers; 0 where it cannot be told. */
  readonly peakMemory: number;
  readonly stdout: string;
}

/** Runs a program to its end. */
export function timed(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<Done> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, peakMemory] = ['', '', 0];
    child.stdout.on('data', (part) => (stdout += part));
    child.stderr.on('data', (part) => (stderr += part));
    const look = setInterval(() => {
      peakMemory = Math.max(peakMemory, memoryOf(child.pid!));
    }, LOOK_MS);
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(look);
      if (status !== 0) reject(new Error(`${program} ${args.join(' ')} ended with ${status}\n${stderr}`));
      else resolve({ seconds: (performance.now() - start) / 1000, peakMemory, stdout });
    });
  });
}

/** The most that a process had so far (Linux). */
function memoryOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
