import { availableParallelism } from 'node:os';
import { CocaError } from '../base/errors.js';
import { threadLimit } from '../base/processes/threads.js';
import { loadRuntime } from '../engine/onnx/runtime.js';
import type { Check } from './check.js';

/** What package.json asks for. */
const OLDEST_NODE = [20, 15] as const;

/** Node, and the native packages that nothing works without. */
export async function* checkProgram(): AsyncGenerator<Check> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  yield {
    area: 'program',
    name: 'node',
    status: isOld ? 'fatal' : 'ok',
    found: `${process.version} on ${process.platform} ${process.arch}`,
    ...(isOld && { advice: `install Node ${OLDEST_NODE.join('.')} or newer` }),
  };
  yield await nativePackage('onnxruntime-node', async () => (await loadRuntime()).env.versions.node);
  yield threadsCheck();
  yield await nativePackage('sharp', async () => (await import('sharp')).default.versions.sharp);
}

function threadsCheck(): Check {
  const about = { area: 'program', name: 'threads' } as const;
  const cores = availableParallelism();
  try {
    const limit = threadLimit();
    const found = limit === undefined ? `one a core, ${cores} here` : `${limit} by COCA_THREADS, ${cores} cores here`;
    return { ...about, status: 'ok', found };
  } catch (error) {
    const { message, hint } = error as CocaError;
    return { ...about, status: 'fatal', found: message, advice: hint ?? '' };
  }
}

async function nativePackage(name: string, versionOf: () => Promise<string | undefined>): Promise<Check> {
  try {
    return { area: 'program', name, status: 'ok', found: (await versionOf()) ?? 'loaded' };
  } catch (error) {
    const found = (error as Error).message.split('\n')[0]!;
    const advice = error instanceof CocaError && error.hint ? error.hint : 'install the program anew';
    return { area: 'program', name, status: 'fatal', found, advice };
  }
}
