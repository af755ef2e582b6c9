import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { makeFolder } from '../../model/base/folders.js';
import { dot } from '../../model/base/numbers/vectors.js';
import { grouped } from '../../model/base/pipeline.js';
import { ownerText, tryLock } from '../../model/base/processes/folder-lock.js';
import { writeFailed } from '../../model/base/whole-file.js';
import type { Imported } from '../../model/collection/clip-retrieval/files.js';
import { Collection } from '../../model/collection/collection.js';
import {
  LOCK_FILE,
  type Manifest,
  readManifest,
  requireMaker,
  writeManifest,
} from '../../model/collection/manifest.js';
import { type Fresh, type Plan, planUpdate } from '../../model/collection/plan.js';
import type { Broken, Entry } from '../../model/collection/tables.js';
import { contextLength, requireCaptioner } from '../../model/config/config.js';
import { decodingOptions } from '../../model/decoding/index.js';
import { sha256Of } from '../../model/image/sha256.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { progressText } from '../../ui/status.js';
import { picturesWith, type ReadablePicture } from '../io/pictures.js';
import { failure } from '../io/results.js';

/** What an update did. */
export interface Updated {
  readonly kind: 'updated';
  readonly pictures: number;
  readonly added: number;
  readonly changed: number;
  readonly gone: number;
  readonly unchanged: number;
  readonly broken: number;
  readonly seconds: number;
}

export interface UpdateOptions {
  /** How a picture below the root is called. */
  readonly nameOf: (path: string) => string;
  /** Pictures that go through the model together. */
  readonly batch: number;
  /** Whether an approximate index is made. */
  readonly ann: boolean;
  /** Embeddings that are there already. */
  readonly imported?: Imported | undefined;
  /** Where what clip-retrieval reads is written. */
  readonly exportTo?: string | undefined;
}

/** What is encoded is written at the latest when it is so many pictures, or so many milliseconds old. */
const WRITE_EACH = 64;
const WRITE_AFTER_MS = 5000;
/** Writes after which the files of the store are joined. */
const TIDY_AFTER = 64;
const WAIT_MS = 200;

/**
 * Brings an index up to date with its folder, or makes it. While another process does that, this one waits. What is written stays,
 * whatever ends this: another run goes on from there.
 * @param folder where the index lies
 * @throws CocaError `interrupted`, `bad-data` for an index of other embeddings, `write-failed`, `usage` for captions of a dual encoder
 */
export async function* updateIndex(
  folder: string,
  wanted: Omit<Manifest, 'format' | 'isComplete'>,
  coca: LoadedCoca,
  context: CommandContext,
  options: UpdateOptions,
): AsyncGenerator<Failure | Updated> {
  const release = await lockIndex(folder, context);
  try {
    const known = await readManifest(folder);
    if (known) requireMaker(folder, known, wanted.maker);
    if (known && known.root !== wanted.root) {
      throw new CocaError(
        'bad-data',
        `the index in ${folder} is of ${known.root}`,
        'choose another folder for --index',
      );
    }
    const captions = wanted.captions || known?.captions === true;
    if (captions) requireCaptioner(coca.config, 'an index with captions');
    const manifest: Manifest = { format: 1, ...wanted, captions, isComplete: known?.isComplete ?? false };
    await writeManifest(folder, manifest);
    const collection = await Collection.open(folder, manifest);
    try {
      yield* update(collection, coca, context, options);
      await writeManifest(folder, { ...manifest, isComplete: true });
    } finally {
      collection.close();
    }
  } finally {
    context.status.clear();
    await release();
  }
}

async function lockIndex(folder: string, { status, signal }: CommandContext): Promise<() => Promise<void>> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw writeFailed(folder, cause);
  }
  for (;;) {
    const attempt = await tryLock(folder, LOCK_FILE);
    if (attempt.release) return attempt.release;
    status.show(`waiting: ${ownerText(attempt.owner)} writes in the index`);
    await delay(WAIT_MS);
    stopIfAborted(signal, 'stopped while another process wrote in the index');
  }
}

async function* update(
  collection: Collection,
  coca: LoadedCoca,
  context: CommandContext,
  { nameOf, batch, ann, imported, exportTo }: UpdateOptions,
): AsyncGenerator<Failure | Updated> {
  const { status, signal } = context;
  const start = performance.now();
  const plan = await planUpdate(collection, {
    signal,
    onProgress: (seen) => status.show(`looking for pictures: ${seen}`),
  });
  for (const { path, code, message, hint } of plan.broken) {
    yield failure(nameOf(path), new CocaError(code as never, message, hint ?? undefined));
  }
  for (const { path, error } of plan.unseen) yield failure(nameOf(path), error);
  if (plan.gone.length > 0) await collection.remove(plan.gone);
  if (plan.touched.length > 0) await collection.restamp(plan.touched, plan.at);
  let broken = plan.broken.length + plan.unseen.length;
  const writer = new Writer(collection);
  const begun = performance.now();
  let done = 0;
  let added = 0;
  let changed = 0;
  try {
    for await (const group of encoded(plan, collection.manifest, coca, context, { nameOf, batch, imported })) {
      for (const { fresh, entry, failed } of group) {
        const { isKnown, wasBroken, ...file } = fresh;
        done++;
        if (isKnown || wasBroken) writer.known.add(file.path);
        if (entry) {
          if (isKnown) changed++;
          else added++;
          writer.entries.push(entry);
        } else {
          broken++;
          const { code, message, hint } = failed!.error;
          writer.broken.push({ ...file, read: plan.at, code, message, hint: hint ?? null });
          yield failed!;
        }
      }
      await writer.writeIfDue();
      status.show(() => progressText(done, plan.fresh.length, performance.now() - begun));
    }
  } finally {
    await writer.write();
  }
  if (plan.fresh.length + plan.gone.length > 0 || (ann && !(await collection.isApproximate()))) {
    status.show('putting the index in order');
    await collection.tidy(ann);
  }
  if (exportTo !== undefined) {
    const { exportIndex } = await import('../../model/collection/clip-retrieval/files.js');
    await exportIndex(collection, exportTo, (count) => status.show(`writing embeddings: ${count}`));
  }
  const pictures = await collection.count();
  yield {
    kind: 'updated',
    pictures,
    added,
    changed,
    gone: plan.removed,
    unchanged: plan.unchanged + plan.touched.length,
    broken,
    seconds: (performance.now() - start) / 1000,
  };
}

interface Encoded {
  readonly fresh: Fresh;
  readonly entry?: Entry;
  readonly failed?: Failure;
}

/** Files as entries, in groups of a batch. */
async function* encoded(
  { fresh: files, at: read }: Plan,
  { root, captions }: Manifest,
  coca: LoadedCoca,
  context: CommandContext,
  { nameOf, batch, imported }: Pick<UpdateOptions, 'nameOf' | 'batch' | 'imported'>,
): AsyncGenerator<readonly Encoded[]> {
  async function* names(): AsyncGenerator<string> {
    for (const { path } of files) yield nameOf(path);
  }
  const note = (bytes: Uint8Array) => ({ hash: sha256Of(bytes) });
  const search = captions ? decodingOptions({}, { contextLength: contextLength(coca.config) }) : undefined;
  let at = 0;
  let checked = 0;
  for await (const group of grouped(picturesWith(names(), coca, context, batch * 2, note), batch)) {
    const found = group.filter((item): item is ReadablePicture & ReturnType<typeof note> => 'picture' in item);
    const known = files.slice(at, at + group.length).map(({ path }) => imported?.vectorOf(root, path));
    const given = new Map(found.map((item) => [item, known[group.indexOf(item)]]));
    // Captions are of pictures; and the first embeddings that came from elsewhere are compared.
    const isChecked = (vector: Float32Array | undefined) => vector !== undefined && checked++ < CHECKED;
    const asked = found.filter((item) => search || given.get(item) === undefined || isChecked(given.get(item)));
    const images = asked.length > 0 ? await coca.encodeImages(asked.map(({ picture }) => picture)) : undefined;
    const written =
      images && search ? (await coca.caption(images, search, { signal: context.signal })).captions : undefined;
    for (const [i, item] of asked.entries())
      refuseStranger(item.name, given.get(item), images!.features[i]!, coca.name);
    yield group.map((item): Encoded => {
      const fresh = files[at++]!;
      const { isKnown: _, wasBroken: __, ...file } = fresh;
      if ('error' in item) return { fresh, failed: item };
      const i = asked.indexOf(item);
      const { hash, picture } = item;
      const caption = written ? written[i]![0]!.text : null;
      return {
        fresh,
        entry: { ...file, read, hash, ...sizeOf(picture), caption, vector: given.get(item) ?? images!.features[i]! },
      };
    });
  }
}

/** How many embeddings from elsewhere are compared with the model's own. */
const CHECKED = 4;
/** Half precision, another decoder and another resampling leave more than this. */
const SAME_COSINE = 0.98;

/** @throws CocaError `bad-data` for an embedding that another model made */
function refuseStranger(name: string, given: Float32Array | undefined, own: Float32Array, model: string): void {
  if (given === undefined) return;
  const cosine = dot(given, own);
  if (cosine >= SAME_COSINE) return;
  throw new CocaError(
    'bad-data',
    `the embedding that is imported of ${name} is not of ${model}: its cosine with the model's own is ${cosine.toFixed(3)}`,
    'name the model that made the embeddings',
  );
}

const sizeOf = ({ source: { width, height } }: ReadablePicture['picture']) => ({ width, height });

/** Writes what was found in pieces that are neither small nor old. */
class Writer {
  readonly entries: Entry[] = [];
  readonly broken: Broken[] = [];
  /** Those of them of which something is in the index. */
  readonly known = new Set<string>();
  #last = performance.now();
  #writes = 0;

  constructor(private readonly collection: Collection) {}

  async writeIfDue(): Promise<void> {
    const isOld = performance.now() - this.#last > WRITE_AFTER_MS;
    if (this.entries.length + this.broken.length >= WRITE_EACH || isOld) await this.write();
    if (this.#writes >= TIDY_AFTER) {
      this.#writes = 0;
      await this.collection.tidy(false);
    }
  }

  async write(): Promise<void> {
    const entries = this.entries.splice(0);
    const broken = this.broken.splice(0);
    this.#last = performance.now();
    if (entries.length + broken.length === 0) return;
    this.#writes++;
    await this.collection.put(entries, broken, this.known);
    this.known.clear();
  }
}
