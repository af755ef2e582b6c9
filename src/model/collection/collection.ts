import type { Connection, Table } from '@lancedb/lancedb';
import { CocaError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { writeFailed } from '../base/whole-file.js';
import { conditionOf, type Filter } from './filter.js';
import { type Lance, loadLance } from './lancedb.js';
import type { Manifest } from './manifest.js';
import {
  amongPaths,
  type Broken,
  chunked,
  type Entry,
  fromStored,
  type Kept,
  removeFrom,
  schemas,
  tableOf,
} from './tables.js';
import type { FoundFile } from './walk.js';

/** A picture that a search found. */
export interface Hit {
  /** Below the root of the index. */
  readonly path: string;
  /** Cosine of its embedding and the query; null where only its caption was looked at. */
  readonly cosine: number | null;
  readonly caption: string | null;
  readonly width: number;
  readonly height: number;
}

/** What is kept of a picture besides its embedding. */
export type Facts = Omit<Entry, 'vector'>;

const PICTURES = 'pictures';
const BROKEN = 'broken';
const KEPT = ['path', 'size', 'mtime', 'ctime', 'read'];
const SHOWN = ['path', 'caption', 'width', 'height'];
/** The store needs some vectors to find their neighbourhoods by. */
const LEAST_FOR_ANN = 256;

/**
 * An index of a collection of pictures, in a folder: a LanceDB database and its manifest. Every change is a version of a table that is
 * there whole or not at all; readers keep the version that they opened.
 */
export class Collection {
  private constructor(
    readonly folder: string,
    readonly manifest: Manifest,
    private readonly lance: Lance,
    private readonly connection: Connection,
    private readonly pictures: Table,
    private readonly broken: Table,
  ) {}

  /**
   * Opens an index, or begins one.
   * @throws CocaError `not-found` where the store is not installed, `write-failed`, `bad-data` for tables that cannot be read
   */
  static async open(folder: string, manifest: Manifest): Promise<Collection> {
    const lance = loadLance();
    try {
      await makeFolder(folder);
    } catch (cause) {
      throw writeFailed(folder, cause);
    }
    try {
      const connection = await lance.lancedb.connect(folder);
      const { pictures, broken } = schemas(lance, manifest.maker.width);
      const opened = await Promise.all([
        connection.createEmptyTable(PICTURES, pictures, { existOk: true }),
        connection.createEmptyTable(BROKEN, broken, { existOk: true }),
      ]);
      return new Collection(folder, manifest, lance, connection, ...opened);
    } catch (cause) {
      throw storeFailed(folder, cause);
    }
  }

  close(): void {
    this.pictures.close();
    this.broken.close();
    this.connection.close();
  }

  /**
   * Whether the tables can be read, as far as their beginnings tell.
   * @throws CocaError `bad-data`
   */
  async check(): Promise<void> {
    await this.#asking(async () => {
      for (const table of [this.pictures, this.broken]) {
        await table.countRows();
        await table.query().limit(1).toArray();
      }
    });
  }

  /** How many pictures there are, of those that a filter lets through. */
  count(filter: Filter = {}): Promise<number> {
    return this.#asking(() => this.pictures.countRows(conditionOf(filter)));
  }

  /** All that was kept of files, by their paths. */
  async kept(): Promise<Map<string, Kept & { readonly hash: string }>> {
    const kept = new Map<string, Kept & { readonly hash: string }>();
    for await (const row of this.#rows(this.pictures, [...KEPT, 'hash'])) kept.set(row.path, row as never);
    return kept;
  }

  /** Pictures that were indexed when no captions were kept. */
  async uncaptioned(): Promise<Set<string>> {
    const paths = new Set<string>();
    for await (const { path } of this.#rows(this.pictures, ['path'], 'caption IS NULL')) paths.add(path);
    return paths;
  }

  async allBroken(): Promise<Map<string, Broken>> {
    const broken = new Map<string, Broken>();
    for await (const row of this.#rows(this.broken, [...KEPT, 'code', 'message', 'hint'])) {
      broken.set(row.path, row as never);
    }
    return broken;
  }

  /**
   * Pictures and what was wrong with others, in place of what was known of them.
   * @param known those of them that may be there already: others are added as they are
   */
  async put(
    entries: readonly Entry[],
    broken: readonly Broken[],
    known: ReadonlySet<string> = new Set([...entries, ...broken].map(({ path }) => path)),
  ): Promise<void> {
    const { pictures, broken: brokenSchema } = schemas(this.lance, this.manifest.maker.width);
    const isKnown = ({ path }: Kept) => known.has(path);
    await this.#asking(async () => {
      // A file is in one of the tables. Were the process to end between two of these steps, it is in none, and read anew.
      await removeFrom(this.broken, [...known]);
      if (broken.length > 0) {
        await removeFrom(
          this.pictures,
          broken.filter(isKnown).map(({ path }) => path),
        );
        await this.broken.add(tableOf(this.lance, brokenSchema, broken));
      }
      const changed = entries.filter(isKnown);
      const added = entries.filter((entry) => !isKnown(entry));
      if (added.length > 0) await this.pictures.add(tableOf(this.lance, pictures, added));
      if (changed.length === 0) return;
      const merge = this.pictures.mergeInsert('path').whenMatchedUpdateAll().whenNotMatchedInsertAll();
      await merge.execute(tableOf(this.lance, pictures, changed));
    });
  }

  /** Forgets files. */
  async remove(paths: readonly string[]): Promise<void> {
    await this.#asking(async () => {
      await removeFrom(this.pictures, paths);
      await removeFrom(this.broken, paths);
    });
  }

  /** Keeps the stamps of files whose contents are as they were. */
  async restamp(files: readonly FoundFile[], read: bigint): Promise<void> {
    for (const some of chunked(files, 256)) {
      const stamps = new Map(some.map((file) => [file.path, file]));
      const entries: Entry[] = [];
      for await (const entry of this.entries([...stamps.keys()])) {
        entries.push({ ...entry, ...stamps.get(entry.path)!, read });
      }
      await this.put(entries, []);
    }
  }

  /**
   * Pictures with their embeddings, in no order.
   * @param which paths, or a filter
   */
  async *entries(which: readonly string[] | Filter = {}): AsyncGenerator<Entry> {
    const condition = Array.isArray(which) ? amongPaths(which) : conditionOf(which as Filter);
    for await (const row of this.#rows(this.pictures, undefined, condition)) {
      const { vector, ...facts } = row as unknown as Facts & { readonly vector: { toArray(): Float32Array } };
      yield { ...facts, vector: Float32Array.from(vector.toArray()) };
    }
  }

  /** What is kept of pictures besides their embeddings, in no order. */
  async *facts(filter: Filter): AsyncGenerator<Facts> {
    const columns = [...KEPT, 'hash', 'width', 'height', 'caption'];
    for await (const row of this.#rows(this.pictures, columns, conditionOf(filter))) yield row as unknown as Facts;
  }

  /** Embeddings of pictures, in no order; not copied, so each is good until the next is asked for. */
  async *vectors(filter: Filter): AsyncGenerator<Pick<Entry, 'path' | 'vector'>> {
    for await (const { path, vector } of this.#rows(this.pictures, ['path', 'vector'], conditionOf(filter))) {
      yield { path, vector: (vector as { toArray(): Float32Array }).toArray() };
    }
  }

  /**
   * The pictures whose embeddings are nearest to a direction.
   * @param direction of unit length
   * @param how `limit`: how many; `isExact`: all are compared, also where there is an approximate index
   */
  async nearest(
    direction: Float32Array,
    { limit, isExact = false, ...filter }: Filter & { readonly limit: number; readonly isExact?: boolean },
  ): Promise<readonly Hit[]> {
    return this.#asking(async () => {
      const condition = conditionOf(filter);
      let query = this.pictures.query().nearestTo(direction).distanceType('dot').limit(limit);
      if (isExact) query = query.bypassVectorIndex();
      if (condition !== undefined) query = query.where(condition);
      const rows = (await query.select([...SHOWN, '_distance']).toArray()) as { readonly _distance: number }[];
      return rows.map((row) => hitOf(row, 1 - row._distance));
    });
  }

  /** The pictures whose captions have the words of a text, best first (BM25). */
  async withWords(text: string, { limit, ...filter }: Filter & { readonly limit: number }): Promise<readonly Hit[]> {
    return this.#asking(async () => {
      const condition = conditionOf(filter);
      let query = this.pictures
        .query()
        .fullTextSearch(text, { columns: ['caption'] })
        .limit(limit);
      if (condition !== undefined) query = query.where(condition);
      const rows = (await query.select([...SHOWN, '_score']).toArray()) as object[];
      return rows.map((row) => hitOf(row, null));
    });
  }

  /**
   * Puts the files of the store in order: what was written piece by piece is joined, what no version needs is removed, and its indexes
   * get the new rows.
   * @param isApproximate whether an approximate index of embeddings is made, if there is none
   */
  async tidy(isApproximate: boolean): Promise<void> {
    const { Index } = this.lance.lancedb;
    await this.#asking(async () => {
      const names = (await this.pictures.listIndices()).map(({ name }) => name);
      const count = await this.pictures.countRows();
      if (this.manifest.captions && count > 0 && !names.includes('caption_idx')) {
        await this.pictures.createIndex('caption', { config: Index.fts() });
      }
      if (isApproximate && !names.includes('vector_idx')) {
        if (count < LEAST_FOR_ANN) {
          throw new CocaError(
            'usage',
            `--ann needs ${LEAST_FOR_ANN} pictures or more, and there are ${count}`,
            'so few are compared one by one in no time',
          );
        }
        await this.pictures.createIndex('vector', { config: Index.ivfFlat({ distanceType: 'dot' }) });
      }
      // A reader has what it opened for as long as it lives: minutes.
      const cleanupOlderThan = new Date(Date.now() - 60 * 60 * 1000);
      await this.pictures.optimize({ cleanupOlderThan });
      await this.broken.optimize({ cleanupOlderThan });
    });
  }

  /** Whether searches are approximate unless they say otherwise. */
  async isApproximate(): Promise<boolean> {
    return (await this.#asking(() => this.pictures.listIndices())).some(({ name }) => name === 'vector_idx');
  }

  async *#rows(
    table: Table,
    columns: readonly string[] | undefined,
    condition?: string,
  ): AsyncGenerator<{ readonly path: string } & Readonly<Record<string, unknown>>> {
    let query = table.query();
    if (columns !== undefined) query = query.select([...columns]);
    if (condition !== undefined) query = query.where(condition);
    try {
      for await (const batch of query) {
        for (const row of batch) {
          const values = row!.toJSON() as { readonly path: string };
          yield { ...values, path: fromStored(values.path) };
        }
      }
    } catch (cause) {
      throw storeFailed(this.folder, cause);
    }
  }

  async #asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw storeFailed(this.folder, cause);
    }
  }
}

function hitOf(row: object, cosine: number | null): Hit {
  const { path, caption, width, height } = row as Hit;
  return { path: fromStored(path), cosine, caption, width, height };
}

/** What the store says in its own words, of which the first line is for people. */
function storeFailed(folder: string, cause: unknown): CocaError {
  if (cause instanceof CocaError) return cause;
  const [message] = String((cause as Error).message ?? cause).split(/\n|, \/\S+\.rs:/);
  const isFull = /No space left|StorageFull/i.test(String(cause));
  return new CocaError(
    isFull ? 'write-failed' : 'bad-data',
    `the index in ${folder}: ${message}`,
    isFull ? 'free some disk space, and index again' : 'if it stays so, remove that folder and index anew',
    { cause },
  );
}
