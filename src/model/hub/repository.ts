import { CocaError } from '../base/errors.js';
import { type RetryEvent, type RetryPolicy, withRetries } from '../net/retry.js';
import type { HubAccess } from './environment.js';
import { COMMIT, isSafeFileName, type RepositoryRef, requireFileName } from './names.js';
import { fetchOver } from './transport.js';

/** A file as the hub announces it. */
export interface RemoteFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * What its bytes hash to, in hex, which is also its name in the cache: SHA-256 of large files (64 digits), else the
   * SHA-1 that git gives a blob (40 digits).
   */
  readonly hash: string;
}

/** One commit of a repository. */
export interface RemoteSnapshot {
  readonly repository: string;
  readonly commit: string;
  /** The files at its top, by name. */
  readonly files: ReadonlyMap<string, RemoteFile>;
}

/** A model's repository has dozens of files at its top. */
const MAX_FILES = 10_000;

/**
 * Asks the hub which commit a revision is, and which files that has.
 * @throws CocaError `not-found`, `denied`, `network`, `bad-download` for an answer that makes no sense
 */
export async function* readSnapshot(
  { repository, revision }: RepositoryRef,
  access: HubAccess,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): AsyncGenerator<RetryEvent, RemoteSnapshot> {
  // Loaded when first needed: no command but those that fetch has a use for it.
  const hub = await import('@huggingface/hub');
  const read = async (): Promise<RemoteSnapshot> => {
    const common = { hubUrl: access.endpoint, fetch: fetchOver(access, signal) };
    const { sha } = await hub.modelInfo({ ...common, name: repository, revision, additionalFields: ['sha'] });
    if (typeof sha !== 'string' || !COMMIT.test(sha)) throw senseless(repository, 'names no commit');
    const files = new Map<string, RemoteFile>();
    const entries = hub.listFiles({ ...common, repo: { type: 'model', name: repository }, revision: sha });
    for await (const entry of entries) {
      if (entry.type !== 'file') continue;
      const file = checkedFile(entry, repository);
      // One with a name that some system does not take is never of use.
      if (isSafeFileName(file.name)) files.set(file.name, file);
      if (files.size > MAX_FILES) throw senseless(repository, 'lists files without end');
    }
    return { repository, commit: sha, files };
  };
  return yield* withRetries(() => explained(read, repository), policy, signal);
}

/** Errors of the network are ours already; what is left is the library stumbling over an answer. */
async function explained<T>(read: () => Promise<T>, repository: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CocaError) throw error;
    throw senseless(repository, 'cannot be read', error);
  }
}

function senseless(repository: string, what: string, cause?: unknown): CocaError {
  return new CocaError(
    'bad-download',
    `the answer about ${repository} ${what}`,
    'is HF_ENDPOINT a Hugging Face hub? A proxy may also have put a page of its own in between',
    { cause },
  );
}

function checkedFile(
  entry: { path?: unknown; size?: unknown; oid?: unknown; lfs?: { oid?: unknown; size?: unknown } },
  repository: string,
): RemoteFile {
  const { path } = entry;
  if (typeof path !== 'string') throw senseless(repository, 'lists a file without a name');
  requireFileName(path, repository);
  const size = entry.lfs?.size ?? entry.size;
  const hash = entry.lfs?.oid ?? entry.oid;
  const digits = entry.lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw senseless(repository, `gives no size for ${path}`);
  if (typeof hash !== 'string' || !digits.test(hash)) throw senseless(repository, `gives no hash for ${path}`);
  return { name: path, size: size as number, hash };
}
