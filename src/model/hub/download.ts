import type { Hash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CocaError } from '../base/errors.js';
import { exists } from '../base/folders.js';
import { orWriteFailed, syncDirectory, writeFully } from '../base/whole-file.js';
import { shownUrl, TransientError } from '../net/failures.js';
import { pauseAfter, Retries, type RetryEvent, type RetryPolicy } from '../net/retry.js';
import type { HubAccess } from './environment.js';
import { PartRefusedError } from './failures.js';
import { contentHash, hashFile } from './hash.js';
import type { RepositoryCache } from './layout.js';
import { claimPartial, releasePartial, touchPartial } from './partial.js';
import type { RemoteFile, RemoteSnapshot } from './repository.js';
import { request } from './transport.js';

/** What happens while a file is fetched. */
export type DownloadEvent =
  /** Bytes that are here of all, and how many of them were here before. */
  | { readonly kind: 'progress'; readonly done: number; readonly resumedAt: number }
  /** Bytes that are here already are looked at. */
  | { readonly kind: 'checking'; readonly done: number }
  /** Another process fetches the same file. */
  | { readonly kind: 'waiting'; readonly pid: number | undefined }
  | RetryEvent
  /** The server cannot send a part of a file, or what was here had the wrong hash. */
  | { readonly kind: 'restarting'; readonly reason: string };

export interface DownloadOptions {
  readonly access: HubAccess;
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
}

/** How often to look whether another process is done. */
const POLL_MS = 500;

/**
 * Fetches one file into the cache's blobs. Goes on where an earlier try stopped, tries again when the connection fails,
 * and gives the file its name only once its hash is right and its bytes are on the disk. Where another process is
 * fetching it, waits for that.
 * @returns whether it was fetched here; if not, another process put it there in the meantime
 * @throws CocaError `bad-download`, `network`, `denied`, `not-found`, `write-failed`, `interrupted`
 */
export async function* downloadBlob(
  file: RemoteFile,
  snapshot: RemoteSnapshot,
  cache: RepositoryCache,
  options: DownloadOptions,
): AsyncGenerator<DownloadEvent, boolean> {
  const target = cache.blob(file.hash);
  const retries = new Retries(options.policy, options.signal);
  for (let hasWaited = false; ; hasWaited = true) {
    const claim = await orWriteFailed(target, claimPartial(cache.blobs, file.hash));
    if ('path' in claim) {
      if (hasWaited && (await exists(target))) {
        await releasePartial(claim.path, file.hash);
        return false;
      }
      yield* fillPartial(claim.path, file, snapshot, target, options);
      return true;
    }
    yield { kind: 'waiting', pid: claim.owner.pid };
    await retries.wait(POLL_MS);
  }
}

async function* fillPartial(
  path: string,
  file: RemoteFile,
  snapshot: RemoteSnapshot,
  target: string,
  options: DownloadOptions,
): AsyncGenerator<DownloadEvent, void> {
  const url = fileUrl(options.access.endpoint, snapshot, file.name);
  const handle = await orWriteFailed(target, open(path, 'r+'));
  const partial = new PartialContent(path, handle, file, target);
  try {
    yield* partial.takeStock();
    const isPieced = yield* fill(partial, url, options);
    if (!partial.isRight() && isPieced) {
      // One piece may be what is wrong: a disk that lost its last writes, two that wrote at once, a mirror that changed.
      yield { kind: 'restarting', reason: 'its pieces do not make the file that was announced' };
      await partial.restart();
      yield* fill(partial, url, options);
    }
    if (!partial.isRight()) {
      await partial.restart();
      throw new CocaError(
        'bad-download',
        `${file.name} came with the wrong hash: not the bytes that ${snapshot.repository} announces (${file.hash})`,
        'nothing was kept; try again, and if it stays so do not trust this server',
      );
    }
    await partial.finish();
  } finally {
    await handle.close();
    await releasePartial(path, file.hash);
  }
}

/**
 * Fetches what is missing, in as many tries as it takes.
 * @returns whether what is here now came in several pieces
 */
async function* fill(
  partial: PartialContent,
  url: URL,
  options: DownloadOptions,
): AsyncGenerator<DownloadEvent, boolean> {
  const retries = new Retries(options.policy, options.signal);
  const { size } = partial.file;
  let resumedAt = partial.done;
  let farthest = partial.done;
  let isPieced = partial.done > 0;
  while (partial.done < size) {
    try {
      const headers = {
        'accept-encoding': 'identity',
        ...(partial.done > 0 && { range: `bytes=${partial.done}-` }),
      };
      const answer = await request(url, options.access, { headers, signal: options.signal });
      try {
        if (startOf(answer.status, answer.headers, partial) === 0 && partial.done > 0) {
          yield { kind: 'restarting', reason: 'the server sends whole files only' };
          await partial.restart();
          resumedAt = 0;
        }
        isPieced = partial.done > 0;
        for await (const chunk of answer.body) {
          await partial.append(chunk);
          // Bytes that had come before do not count: a server that is always cut at the same place is given up.
          if (partial.done > farthest) retries.progressed();
          farthest = Math.max(farthest, partial.done);
          yield { kind: 'progress', done: partial.done, resumedAt };
        }
      } finally {
        answer.close();
      }
      if (partial.done < size) throw new TransientError(`${shownUrl(url)}: the connection was cut`);
    } catch (error) {
      if (error instanceof PartRefusedError && partial.done > 0) {
        // Asked for as a whole next. It comes to this again only after another failure, and those are counted.
        yield { kind: 'restarting', reason: 'the server does not send the rest of it' };
        await partial.restart();
        resumedAt = 0;
        continue;
      }
      await touchPartial(partial.path);
      yield* pauseAfter(error, retries);
    }
  }
  return isPieced;
}

/**
 * Where the bytes of an answer begin: at what is missing, or at 0 where the server sends the whole file.
 * @throws CocaError `bad-download` when it is not the file that was announced; PartRefusedError
 */
function startOf(status: number, headers: Headers, { done, file }: PartialContent): number {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const start = status === 206 ? Number(range?.[1]) : 0;
  const total = status === 206 ? range?.[2] : headers.get('content-length');
  const isOther = total && total !== '*' && Number(total) !== file.size;
  if (!isOther && (start === done || start === 0)) return start;
  const hint = 'try again later; a proxy may have put a page of its own in between';
  if (!isOther) {
    throw new PartRefusedError('bad-download', `${file.name}: the server sends another part than was asked for`, hint);
  }
  throw new CocaError(
    'bad-download',
    `${file.name} has ${total} bytes there, not the ${file.size} that were announced`,
    hint,
  );
}

/** The bytes of a file that are here, and their running hash. */
class PartialContent {
  done = 0;
  #hash: Hash;

  constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly file: RemoteFile,
    private readonly target: string,
  ) {
    this.#hash = contentHash(file.hash, file.size);
  }

  /** Reads what an earlier try left. */
  async *takeStock(): AsyncGenerator<DownloadEvent, void> {
    const { size } = await this.handle.stat();
    if (size > this.file.size) return this.restart();
    for await (const done of hashFile(this.path, this.#hash, size)) yield { kind: 'checking', done };
    this.done = size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.done + chunk.length > this.file.size) {
      await this.restart();
      throw new CocaError('bad-download', `${this.file.name}: more came than the ${this.file.size} bytes announced`);
    }
    await this.#orFail(writeFully(this.handle, chunk, this.done));
    this.#hash.update(chunk);
    this.done += chunk.length;
  }

  async restart(): Promise<void> {
    await this.#orFail(this.handle.truncate(0));
    this.#hash = contentHash(this.file.hash, this.file.size);
    this.done = 0;
  }

  /** Whether the bytes so far hash to what they should. */
  isRight(): boolean {
    return this.#hash.copy().digest('hex') === this.file.hash;
  }

  /** Gives the file its final name. */
  async finish(): Promise<void> {
    await this.#orFail(this.handle.sync());
    await this.#orFail(rename(this.path, this.target));
    await syncDirectory(dirname(this.target));
  }

  async #orFail<T>(operation: Promise<T>): Promise<T> {
    return orWriteFailed(this.target, operation);
  }
}

const fileUrl = (endpoint: string, { repository, commit }: RemoteSnapshot, name: string) =>
  new URL(`${endpoint}/${repository}/resolve/${commit}/${encodeURIComponent(name)}`);
