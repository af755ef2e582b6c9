import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../model/base/cache.js';
import { isRunning, startOf } from '../../model/base/processes/running.js';
import { writeFailed } from '../../model/base/whole-file.js';
import type { Address } from '../listen.js';

/** What a background server says of itself. */
export interface RuntimeFacts {
  readonly address: Address;
  readonly pid: number;
  /** See `startOf`. */
  readonly start?: string;
  readonly models: readonly string[];
}

/** Where a background server lies: its facts, its socket and its log. Only its user may look into it. */
export const runtimeFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'server');
const FILE = 'server.json';

/**
 * Says where a process serves. What it leaves when it ends means nothing any more: its process is gone.
 * @throws CocaError `write-failed`
 */
export async function announce(
  { address, pid, models }: Pick<RuntimeFacts, 'address' | 'pid' | 'models'>,
  env?: NodeJS.ProcessEnv,
): Promise<void> {
  const folder = runtimeFolder(env);
  const path = join(folder, FILE);
  const start = startOf(pid);
  const facts: RuntimeFacts = { address, pid, ...(start !== undefined && { start }), models };
  const whole = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(whole, `${JSON.stringify(facts)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(whole, path);
  } catch (cause) {
    throw writeFailed(path, cause);
  }
}

/** Takes it back. */
export async function retract(env?: NodeJS.ProcessEnv): Promise<void> {
  await rm(join(runtimeFolder(env), FILE), { force: true });
}

/** The background server that runs, if one does. */
export async function announced(env?: NodeJS.ProcessEnv): Promise<RuntimeFacts | undefined> {
  const text = await readFile(join(runtimeFolder(env), FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const facts = JSON.parse(text) as RuntimeFacts;
    const isIts = typeof facts.address === 'string' && isRunning(facts.pid) && startOf(facts.pid) === facts.start;
    return isIts ? facts : undefined;
  } catch {
    return undefined;
  }
}
