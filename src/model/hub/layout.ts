import { randomBytes } from 'node:crypto';
import { readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CocaError } from '../base/errors.js';
import { isFolder, makeFolder } from '../base/folders.js';
import { readTextFile } from '../base/text-file.js';
import { writeWhole } from '../base/whole-file.js';
import { isContentHash } from './hash.js';
import { COMMIT, type RepositoryRef } from './names.js';

/** Forty digits, and what an editor may have left around them. */
const MAX_REF_BYTES = 1024;

/**
 * The Hugging Face cache, as Python's huggingface_hub lays it out:
 *
 *     models--OWNER--NAME/blobs/HASH              a file's bytes
 *                         snapshots/COMMIT/NAME   a link to its blob (where links are not to be had, the file itself)
 *                         refs/main               the commit that a branch or tag was, when last looked
 *
 * https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
export class RepositoryCache {
  readonly folder: string;

  constructor(
    readonly cacheFolder: string,
    readonly repository: string,
  ) {
    this.folder = join(cacheFolder, `models--${repository.replace('/', '--')}`);
  }

  get blobs(): string {
    return join(this.folder, 'blobs');
  }

  blob(hash: string): string {
    return join(this.blobs, hash);
  }

  get snapshots(): string {
    return join(this.folder, 'snapshots');
  }

  snapshot(commit: string): string {
    return join(this.snapshots, commit);
  }

  get refs(): string {
    return join(this.folder, 'refs');
  }

  /** The commit that a revision stands for here, or undefined where it was never fetched. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (COMMIT.test(revision)) return (await isFolder(this.snapshot(revision))) ? revision : undefined;
    const text = await readTextFile(join(this.refs, revision), 'commit', MAX_REF_BYTES).catch(() => '');
    const commit = text.trim();
    // Anything else would become part of a path.
    return COMMIT.test(commit) ? commit : undefined;
  }

  /** Notes which commit a revision is. */
  async writeRef(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return;
    const path = join(this.refs, revision);
    await makeFolder(dirname(path));
    await writeWhole(path, (write) => write(Buffer.from(commit)));
  }

  /** The hash that a file of a snapshot goes by, if it is a link to a blob of this repository. */
  async linkedHash(path: string): Promise<string | undefined> {
    const target = await readlink(path).catch(() => undefined);
    if (target === undefined) return undefined;
    // The first link only: Python's blobs can be links themselves, into a store that repositories share.
    const blob = resolve(dirname(path), target);
    return dirname(blob) === resolve(this.blobs) && isContentHash(basename(blob)) ? basename(blob) : undefined;
  }

  /** Gives a blob its name in a snapshot, in place of whatever had that name. */
  async link(hash: string, commit: string, name: string): Promise<void> {
    const path = join(this.snapshot(commit), name);
    await makeFolder(dirname(path));
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await symlink(relative(dirname(path), this.blob(hash)), temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      const { code } = error as NodeJS.ErrnoException;
      // Windows without the privilege, and file systems that know no links.
      if (code !== 'EPERM' && code !== 'ENOSYS' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
      await rename(this.blob(hash), path);
    }
  }
}

/**
 * The folder that holds a repository's files on this machine, whichever program fetched them.
 * @throws CocaError `not-found`, with the command that fetches it
 */
export async function findSnapshot(
  { repository, revision }: RepositoryRef,
  name: string,
  cacheFolder: string,
): Promise<string> {
  const cache = new RepositoryCache(cacheFolder, repository);
  const commit = await cache.commitOf(revision);
  if (commit !== undefined && (await isFolder(cache.snapshot(commit)))) return cache.snapshot(commit);
  throw new CocaError('not-found', `the model ${name} is not on this machine`, `coca models pull ${name} fetches it`);
}
