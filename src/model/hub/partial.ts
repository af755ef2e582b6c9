import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isRunning } from '../base/processes/running.js';

/**
 * Downloads in the making, beside the blobs that they will become. The name says whose it is:
 *
 *     HASH.coca-HOST-PID-STAMP.incomplete    being written by that process
 *     HASH.coca-free-STAMP.incomplete        left in good order: any process may go on with it
 *
 * So a partial file is its own lock. It is taken over by renaming it, which can succeed for one process only; nothing
 * else has to be left behind or cleaned up, and what a killed process leaves is known by its owner being gone. Right or
 * wrong, a mistake about an owner costs a download and no more: only bytes whose hash is right ever get a final name.
 */

/** A writer touches the file at least this often; older ones have no writer any more. */
const SILENT_MS = 10 * 60 * 1000;

const NAME =
  /^(?<hash>[0-9a-f]{40,64})\.coca-(?<owner>free|(?<host>[0-9a-f]{8})-(?<pid>\d+))-(?<stamp>[0-9a-f]{16})\.incomplete$/;

/** huggingface_hub's own; it never goes on with one. */
const FOREIGN_NAME = /^[0-9a-f]{40,64}(\.[0-9a-f]{8})?\.incomplete$/;

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

export interface PartialFile {
  readonly path: string;
  readonly hash: string;
  readonly size: number;
  readonly ageMs: number;
  /** Sorts by when it was begun; empty for another program's. */
  readonly stamp: string;
  /** `abandoned`: its writer is gone, so it can be taken over. `foreign`: another program's. */
  readonly state: 'free' | 'abandoned' | 'owned' | 'foreign';
  /** The process that is writing it, where that is known to be on this machine. */
  readonly pid?: number;
}

/** Every partial file in a folder of blobs. */
export async function listPartials(blobs: string): Promise<PartialFile[]> {
  const names = await readdir(blobs).catch(() => []);
  const found = await Promise.all(names.map((name) => describePartial(blobs, name)));
  return found.filter((partial) => partial !== undefined);
}

async function describePartial(blobs: string, name: string): Promise<PartialFile | undefined> {
  const groups = NAME.exec(name)?.groups;
  if (groups === undefined && !FOREIGN_NAME.test(name)) return undefined;
  const path = join(blobs, name);
  // It may have been finished and renamed since its folder was read.
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || !stats.isFile()) return undefined;
  const ageMs = Date.now() - stats.mtimeMs;
  const common = { path, hash: name.split('.', 1)[0]!, size: stats.size, ageMs, stamp: groups?.stamp ?? '' };
  if (groups === undefined) return { ...common, state: 'foreign' };
  if (groups.owner === 'free') return { ...common, state: 'free' };
  const pid = groups.host === HOST ? Number(groups.pid) : undefined;
  const isAbandoned = ageMs > SILENT_MS || (pid !== undefined && !isRunning(pid));
  return { ...common, state: isAbandoned ? 'abandoned' : 'owned', ...(pid === undefined ? {} : { pid }) };
}

const nameOf = (hash: string, owner: string, stamp: string) => `${hash}.coca-${owner}-${stamp}.incomplete`;

/** Microseconds since 1970 and two random digits, in hex. */
function newStamp(): string {
  const now = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return now.toString(16).padStart(14, '0') + randomBytes(1).toString('hex');
}

/** What `claimPartial` found: a file of one's own to write to, or another process that is writing already. */
export type Claim = { readonly path: string } | { readonly owner: PartialFile };

/** A partial file for a blob that is this process's alone: the longest that was left behind, or an empty one. */
export async function claimPartial(blobs: string, hash: string): Promise<Claim> {
  const owner = await ownerOf(blobs, hash);
  if (owner) return { owner };
  const stamp = newStamp();
  const path = join(blobs, nameOf(hash, `${HOST}-${process.pid}`, stamp));
  if (!(await takeOver(blobs, hash, path))) await writeFile(path, '', { flag: 'wx' });
  // Two that start in the same moment see each other here, and the first one stays.
  const other = await ownerOf(blobs, hash, path);
  if (other && other.stamp < stamp) {
    await releasePartial(path, hash);
    return { owner: other };
  }
  return { path };
}

async function ownerOf(blobs: string, hash: string, except?: string): Promise<PartialFile | undefined> {
  const partials = await listPartials(blobs);
  return partials.find(({ path, ...partial }) => partial.hash === hash && partial.state === 'owned' && path !== except);
}

/** Makes the longest partial file that was left behind the one at `path`, and removes the others; tells whether there was one. */
async function takeOver(blobs: string, hash: string, path: string): Promise<boolean> {
  const partials = await listPartials(blobs);
  const left = partials.filter((partial) => partial.hash === hash && /^(free|abandoned)$/.test(partial.state));
  left.sort((a, b) => b.size - a.size);
  let isTaken = false;
  for (const other of left) {
    if (isTaken) {
      await rm(other.path, { force: true });
      continue;
    }
    try {
      await rename(other.path, path);
      isTaken = true;
      await touchPartial(path);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return isTaken;
}

/** A sign of life while nothing comes to be written. */
export async function touchPartial(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Leaves a partial file to be gone on with; an empty one is removed. */
export async function releasePartial(path: string, hash: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (stats.size === 0) await rm(path, { force: true });
  else await rename(path, join(dirname(path), nameOf(hash, 'free', newStamp())));
}
