import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { isRunning, startOf } from '../../base/processes.js';
import { writeFailed } from '../../base/whole-file.js';

/** Who writes in a run's folder. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** See `startOf`. */
  readonly start?: string;
}

const LOCK_FILE = 'run.lock';

/**
 * Makes a folder this process's own to write checkpoints in. A lock that a dead process left behind is taken over.
 * @returns what gives it back
 * @throws CocaError `write-failed` while another run has it
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK_FILE);
  const start = startOf(process.pid);
  const mine: Owner = { host: hostname(), pid: process.pid, ...(start !== undefined && { start }) };
  for (;;) {
    try {
      await writeFile(path, `${JSON.stringify(mine)}\n`, { flag: 'wx' });
      held.add(path);
      return async () => {
        held.delete(path);
        await rm(path, { force: true });
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw writeFailed(path, cause);
    }
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue; // given back in this moment
    const owner = parseOwner(text);
    if (held.has(path) || (owner !== undefined && isAlive(owner))) throw taken(folder, path, owner);
    // Only one process can rename it; the second finds it gone, or a new one.
    const away = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    await rename(path, away).catch(() => undefined);
    await rm(away, { force: true });
  }
}

/** Locks that this very process holds. */
const held = new Set<string>();

/** Undefined for a lock that was never written whole: its owner was killed as it took it. */
function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner;
    return Number.isInteger(owner.pid) && typeof owner.host === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ host, pid, start }: Owner): boolean {
  if (host !== hostname()) return true; // nothing is known of another machine's processes
  // This process holds no such lock: the number was another's before.
  if (pid === process.pid || !isRunning(pid)) return false;
  const now = startOf(pid);
  return start === undefined || now === undefined || start === now;
}

function taken(folder: string, path: string, owner: Owner | undefined): CocaError {
  const who = owner === undefined ? 'this process' : `process ${owner.pid} on ${owner.host}`;
  return new CocaError(
    'write-failed',
    `another run writes in ${folder} (${who})`,
    `Choose another folder, or wait for it to end. If it is gone for certain, remove ${path}.`,
  );
}
