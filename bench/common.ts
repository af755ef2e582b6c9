import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { namedConfigs } from '../src/model/config/configs.js';
import type { Precision } from '../src/model/quantise/precision.js';
import { initModel } from '../src/model/store/init.js';

/** The Python that has the peer, OpenCLIP. */
export const PYTHON = process.env.COCA_PEER_PYTHON ?? 'python3';

export interface Run {
  readonly stdout: string;
  readonly ms: number;
}

export function run(program: string, args: readonly string[]): Run {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stderr}`);
  return { stdout, ms };
}

/** The last line that a program printed, as JSON. */
export const lastJson = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1)!);

export const hasPeer = (modules: string) => spawnSync(PYTHON, ['-c', `import ${modules}`]).status === 0;

/** What a CPU computes in: half precision gains nothing there. */
export const CPU_PRECISIONS = ['fp32', 'int8'] as const satisfies readonly Precision[];

/** A model folder as given, or one of a named config with random weights, made once in the temporary folder. */
export async function modelFolder(name: string): Promise<string> {
  if (!Object.hasOwn(namedConfigs(), name)) return name;
  const folder = join(tmpdir(), `coca-bench-${name}`);
  if (!existsSync(join(folder, 'open_clip_model.safetensors'))) {
    process.stderr.write(`making random weights of ${name} in ${folder}\n`);
    await initModel({ config: name, output: folder, seed: 1, dtype: 'F32' });
  }
  return folder;
}

export const machine = () => `${cpus().length} x ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;

export const columns = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(22) : cell.padStart(12))).join('');
