import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeFailed } from '../whole-file.js';
import { isRunning, startOf } from './running.js';

/** Who writes in a folder. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** See `startOf`. */
  readonly start?: string;
}

/** What came of an attempt to get a lock: it is held, or another has it. */
export type LockAttempt =
  | { readonly release: () => Promise<void> }
  /** `owner`: undefined where this very process holds it. */
  | { readonly release?: never; readonly owner: Owner | undefined };

/**
 * Makes a folder this process's own to write in, by a file that names the process. A lock that a dead process left behind is taken over.
 * @param file its name in the folder
 * @throws CocaError `write-failed` where the file cannot be written
 */
export async function tryLock(folder: string, file: string): Promise<LockAttempt> {
  const path = join(folder, file);
  const start = startOf(process.pid);
  const mine: Owner = { host: hostname(), pid: process.pid, ...(start !== undefined && { start }) };
  for (;;) {
    try {
      await writeFile(path, `${JSON.stringify(mine)}\n`, { flag: 'wx' });
      held.add(path);
      const release = async () => {
        held.delete(path);
        await rm(path, { force: true });
      };
      return { release };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw writeFailed(path, cause);
    }
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue; // given back in this moment
    const owner = parseOwner(text);
    if (held.has(path)) return { owner: undefined };
    if (owner !== undefined && isAlive(owner)) return { owner };
    // Only one process can rename it; the second finds it gone, or a new one.
    const away = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    await rename(path, away).catch(() => undefined);
    await rm(away, { force: true });
  }
}

/** Which other process that is alive holds a lock. */
export async function lockOwner(folder: string, file: string): Promise<Owner | undefined> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const owner = text === undefined ? undefined : parseOwner(text);
  return owner !== undefined && isAlive(owner) ? owner : undefined;
}

/** An owner as messages name it. */
export const ownerText = (owner: Owner | undefined): string =>
  owner === undefined ? 'this process' : `process ${owner.pid} on ${owner.host}`;

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
