import { realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { exists, makeFolder } from '../base/folders.js';
import { orWriteFailed } from '../base/whole-file.js';
import { chooseWeights, weightsFile } from '../checkpoint/weights-file.js';
import type { ModelConfig } from '../config/config.js';
import { readConfigFile } from '../config/config-file.js';
import { PATIENT, type RetryEvent, type RetryPolicy } from '../net/retry.js';
import { CARD_FILE, CONFIG_FILE, TOKENIZER_FILE, TOKENIZER_FILES } from '../store/model-files.js';
import { fitsClip } from '../tokenizer/tokenizer.js';
import { type DownloadEvent, type DownloadOptions, downloadBlob } from './download.js';
import { hubAccess, hubCacheFolder } from './environment.js';
import { contentHash, hashFile } from './hash.js';
import { findSnapshot, RepositoryCache } from './layout.js';
import { displayName, parseHubName, type RepositoryRef } from './names.js';
import { listPartials } from './partial.js';
import { type RemoteFile, type RemoteSnapshot, readSnapshot } from './repository.js';
import { requireSpace } from './space.js';

/** What happens while a model is fetched. */
export type PullEvent =
  /** Which files of a commit are wanted, and how many of their bytes are not here yet. */
  | { readonly kind: 'plan'; readonly commit: string; readonly files: readonly RemoteFile[]; readonly missing: number }
  /** A file is here and right: `fetched` bytes of it came just now. */
  | { readonly kind: 'file'; readonly name: string; readonly size: number; readonly fetched: number }
  | { readonly kind: 'remark'; readonly text: string }
  | RetryEvent
  | (DownloadEvent & { readonly name: string; readonly size: number });

export interface PulledModel {
  /** The name to load it by. */
  readonly name: string;
  readonly repository: string;
  readonly commit: string;
  /** Where its files are. */
  readonly folder: string;
  /** Of its files in all, and how many of them came just now. */
  readonly bytes: number;
  readonly fetched: number;
}

export interface PullOptions {
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly policy?: RetryPolicy;
}

/** Files that are read whole into memory are refused beyond this. */
const MAX_SMALL_BYTES = 128 * 2 ** 20;

/**
 * Fetches a model from the hub into the Hugging Face cache, or makes sure that what is there is what the hub has: config,
 * weights (safetensors before .bin), model card, and the tokenizer of a model that needs its own. Everything that is
 * here already is compared with its hash. The config is read before the weights are fetched, so that no other kind of
 * model is.
 * @param name a short name, `hf-hub:OWNER/NAME` or `OWNER/NAME`, each with an optional `@REVISION`
 * @throws CocaError `usage`, `not-found`, `denied`, `network`, `bad-download`, `bad-config`, `bad-checkpoint`,
 *   `write-failed`, `interrupted`
 */
export async function* pullModel(name: string, options: PullOptions = {}): AsyncGenerator<PullEvent, PulledModel> {
  const ref = parseHubName(name);
  const access = await hubAccess(options.env);
  const cache = new RepositoryCache(hubCacheFolder(options.env), ref.repository);
  if (access.isOffline) return alreadyHere(name, ref, cache);
  const { policy = PATIENT, signal } = options;
  const snapshot = yield* readSnapshot(ref, access, policy, signal);
  const weights = chooseWeights(ref.repository, [...snapshot.files.keys()]);
  const pull = new Pull(cache, snapshot, { access, policy, signal });
  await orWriteFailed(cache.folder, makeFolder(cache.blobs));
  yield* pull.ensure(requireFile(snapshot, CONFIG_FILE));
  const config = await readConfigFile(join(pull.folder, CONFIG_FILE), `${ref.repository}: ${CONFIG_FILE}`);
  const wantsTokenizer = hasOwnTokenizer(config);
  if (wantsTokenizer && !snapshot.files.has(TOKENIZER_FILE)) {
    yield { kind: 'remark', text: `this model needs a ${TOKENIZER_FILE}, which ${ref.repository} does not have` };
  }
  const small = [CARD_FILE, ...(wantsTokenizer ? TOKENIZER_FILES : [])].map((wanted) => snapshot.files.get(wanted));
  const files = [...small, snapshot.files.get(weights)].filter((file) => file !== undefined);
  requireSmall(small, ref.repository);
  const missing = await pull.missingBytes(files);
  yield { kind: 'plan', commit: snapshot.commit, files, missing };
  await requireSpace(cache.cacheFolder, missing);
  for (const file of files) yield* pull.ensure(file);
  // Last, so that a revision that is only half here never stands in for one that is whole.
  await orWriteFailed(cache.refs, cache.writeRef(ref.revision, snapshot.commit));
  return {
    name: displayName(ref),
    repository: ref.repository,
    commit: snapshot.commit,
    folder: pull.folder,
    bytes: pull.bytes,
    fetched: pull.fetched,
  };
}

/** One commit on its way into the cache. */
class Pull {
  readonly folder: string;
  bytes = 0;
  fetched = 0;

  constructor(
    private readonly cache: RepositoryCache,
    private readonly snapshot: RemoteSnapshot,
    private readonly options: DownloadOptions,
  ) {
    this.folder = cache.snapshot(snapshot.commit);
  }

  /** How much of these files is not here yet. */
  async missingBytes(files: readonly RemoteFile[]): Promise<number> {
    const partials = await listPartials(this.cache.blobs);
    let missing = 0;
    for (const { name, hash, size } of files) {
      if ((await sizeOf(join(this.folder, name))) === size || (await sizeOf(this.cache.blob(hash))) === size) continue;
      const here = partials.filter((partial) => partial.hash === hash && partial.state !== 'foreign');
      missing += size - Math.min(size, Math.max(0, ...here.map((partial) => partial.size)));
    }
    return missing;
  }

  /** Makes sure that a file is here and right. */
  async *ensure(file: RemoteFile): AsyncGenerator<PullEvent, void> {
    const { name, size, hash } = file;
    const target = join(this.folder, name);
    const blob = this.cache.blob(hash);
    let fetched = 0;
    // Where there are no links, the file itself is in the snapshot, and no blob. What another process fetched is looked at, too.
    while (!(yield* this.#isRight((await exists(blob)) ? blob : target, file))) {
      const download = downloadBlob(file, this.snapshot, this.cache, this.options);
      let next = await download.next();
      for (; !next.done; next = await download.next()) {
        if (next.value.kind === 'progress') fetched = next.value.done - next.value.resumedAt;
        yield { ...next.value, name, size };
      }
      if (next.value) break;
    }
    if ((await exists(blob)) && !(await isSameFile(blob, target))) {
      await orWriteFailed(target, this.cache.link(hash, this.snapshot.commit, name));
    }
    this.bytes += size;
    this.fetched += fetched;
    yield { kind: 'file', name, size, fetched };
  }

  /** Whether a file is there with the announced bytes; says so where other bytes have its name. */
  async *#isRight(path: string, { name, size, hash }: RemoteFile): AsyncGenerator<PullEvent, boolean> {
    const found = await sizeOf(path);
    if (found === undefined) return false;
    const digest = contentHash(hash, size);
    if (found === size) {
      for await (const done of hashFile(path, digest, size)) yield { kind: 'checking', done, name, size };
      if (digest.digest('hex') === hash) return true;
    }
    yield { kind: 'remark', text: `${name} was here with other bytes than the hub announces; it is fetched again` };
    return false;
  }
}

/** Bytes of a regular file, links followed; undefined where there is none. */
const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );

const isSameFile = async (one: string, other: string): Promise<boolean> => {
  const [a, b] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)));
  return a !== undefined && a === b;
};

function requireFile(snapshot: RemoteSnapshot, name: string): RemoteFile {
  const file = snapshot.files.get(name);
  if (file === undefined) {
    throw new CocaError(
      'not-found',
      `${snapshot.repository} has no ${name}, so it is no OpenCLIP checkpoint`,
      'coca models list shows models that are known',
    );
  }
  requireSmall([file], snapshot.repository);
  return file;
}

/**
 * Files that are read whole must be of a size for that.
 * @throws CocaError `bad-download`
 */
function requireSmall(files: readonly (RemoteFile | undefined)[], repository: string): void {
  const large = files.find((file) => file !== undefined && file.size > MAX_SMALL_BYTES);
  if (large === undefined) return;
  throw new CocaError(
    'bad-download',
    `${repository}: ${large.name} has ${large.size} bytes, far too many for what it is`,
  );
}

/** Whether a model reads texts with a tokenizer of its own. */
const hasOwnTokenizer = ({ text }: ModelConfig) => text.hf_tokenizer_name !== null || !fitsClip(text.vocab_size);

/** Without the hub nothing can be compared: what is here is what there is. */
async function alreadyHere(name: string, ref: RepositoryRef, cache: RepositoryCache): Promise<PulledModel> {
  const folder = await findSnapshot(ref, name, cache.cacheFolder).catch((cause) => {
    throw new CocaError(
      'network',
      `${name} is not on this machine, and HF_HUB_OFFLINE is set`,
      'unset it to fetch the model',
      { cause },
    );
  });
  const weights = await weightsFile(folder);
  const bytes = (await sizeOf(weights)) ?? 0;
  return { name: displayName(ref), repository: ref.repository, commit: basename(folder), folder, bytes, fetched: 0 };
}
