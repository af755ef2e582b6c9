import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { exists, makeFolder } from '../../base/folders.js';
import { dot } from '../../base/numbers/vectors.js';
import { fileError } from '../../base/regular-file.js';
import { orWriteFailed } from '../../base/whole-file.js';
import type { Collection } from '../collection.js';
import { readNpy, writeNpy } from './npy.js';

/** Folders of clip-retrieval's inference, and how their files begin. */
const EMBEDDINGS = 'img_emb';
const METADATA = 'metadata';
/** Pictures in a pair of files. */
const PER_PART = 100_000;

/** Where the metadata of a matrix are that is called and lies as here; nothing for any other name. */
export function metadataPathOf(matrix: string): string | undefined {
  const [, folder, part] = /^(.*?)img_emb[\\/]img_emb_(\d+)\.npy$/.exec(matrix) ?? [];
  return part === undefined ? undefined : join(folder!, METADATA, `${METADATA}_${part}.parquet`);
}

/**
 * Writes an index as clip-retrieval's inference does: img_emb/img_emb_N.npy, rows of single precision, and
 * metadata/metadata_N.parquet with image_path (absolute), caption, width and height of the same pictures.
 * @returns how many pictures
 * @throws CocaError `write-failed`, also for a folder that has such files
 */
export async function exportIndex(
  collection: Collection,
  folder: string,
  onProgress: (done: number) => void = () => undefined,
): Promise<number> {
  for (const name of [EMBEDDINGS, METADATA]) {
    if (await exists(join(folder, name))) {
      throw new CocaError('write-failed', `${join(folder, name)} is there already`, 'name another folder');
    }
    await orWriteFailed(folder, makeFolder(join(folder, name)));
  }
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const { root, maker } = collection.manifest;
  const digits = String(Math.floor(Math.max(0, (await collection.count()) - 1) / PER_PART)).length;
  const entries: { path: string; caption: string | null; width: number; height: number; vector: Float32Array }[] = [];
  let part = 0;
  let done = 0;
  const write = async () => {
    const number = String(part++).padStart(digits, '0');
    await writeNpy(
      join(folder, EMBEDDINGS, `${EMBEDDINGS}_${number}.npy`),
      maker.width,
      entries.map(({ vector }) => vector),
    );
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'image_path', data: entries.map(({ path }) => `${root}/${path}`), type: 'STRING', nullable: false },
        { name: 'caption', data: entries.map(({ caption }) => caption), type: 'STRING' },
        { name: 'width', data: entries.map(({ width }) => width), type: 'INT32', nullable: false },
        { name: 'height', data: entries.map(({ height }) => height), type: 'INT32', nullable: false },
      ],
    });
    const path = join(folder, METADATA, `${METADATA}_${number}.parquet`);
    await orWriteFailed(path, writeFile(path, Buffer.from(bytes), { flag: 'wx' }));
    done += entries.splice(0).length;
    onProgress(done);
  };
  for await (const { path, caption, width, height, vector } of collection.entries()) {
    if (entries.push({ path, caption, width, height, vector }) === PER_PART) await write();
  }
  if (entries.length > 0 || part === 0) await write();
  return done;
}

/** Embeddings that another program made, by the paths of their pictures. */
export class Imported {
  constructor(private readonly vectors: ReadonlyMap<string, Float32Array>) {}

  get count(): number {
    return this.vectors.size;
  }

  /** The embedding of a picture, of unit length: by its real path, or by that below the folder. */
  vectorOf(root: string, path: string): Float32Array | undefined {
    return this.vectors.get(`${root}/${path}`) ?? this.vectors.get(path);
  }
}

/**
 * Reads what clip-retrieval's inference wrote.
 * @param width numbers of an embedding
 * @throws CocaError `not-found` for a folder without such files, `bad-data` for files that do not belong to each other, or embeddings of
 *   another width or without a direction
 */
export async function readEmbeddings(folder: string, width: number): Promise<Imported> {
  const parts = await partsOf(folder);
  const vectors = new Map<string, Float32Array>();
  const { asyncBufferFromFile, parquetReadObjects } = await import('hyparquet');
  for (const part of parts) {
    const path = join(folder, EMBEDDINGS, `${EMBEDDINGS}_${part}.npy`);
    const matrix = await readNpy(path);
    if (matrix.width !== width) {
      throw new CocaError('bad-data', `${path}: embeddings of ${matrix.width} numbers, and the model's have ${width}`);
    }
    const metadata = join(folder, METADATA, `${METADATA}_${part}.parquet`);
    let rows: Record<string, unknown>[];
    try {
      rows = await parquetReadObjects({ file: await asyncBufferFromFile(metadata), columns: ['image_path'] });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw fileError(metadata, cause);
      throw new CocaError('bad-data', `${metadata}: ${(cause as Error).message}`, undefined, { cause });
    }
    if (rows.length !== matrix.rows) {
      throw new CocaError('bad-data', `${metadata} has ${rows.length} rows, and ${path} ${matrix.rows}`);
    }
    for (const [i, { image_path: name }] of rows.entries()) {
      if (typeof name !== 'string') throw new CocaError('bad-data', `${metadata}: row ${i + 1} has no image_path`);
      const vector = matrix.values.slice(i * width, (i + 1) * width);
      const length = Math.sqrt(dot(vector, vector));
      if (!(length > 0 && length < Number.POSITIVE_INFINITY)) {
        throw new CocaError('bad-data', `${path}: row ${i + 1} has no direction`);
      }
      // What is of unit length stays as it is, to the last bit.
      const isUnit = Math.abs(length - 1) < 1e-6;
      vectors.set(name.replace(/^\.\//, ''), isUnit ? vector : vector.map((value) => value / length));
    }
  }
  return new Imported(vectors);
}

async function partsOf(folder: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(join(folder, EMBEDDINGS));
  } catch (error) {
    throw fileError(join(folder, EMBEDDINGS), error);
  }
  const parts = names.flatMap((name) => /^img_emb_(\d+)\.npy$/.exec(name)?.[1] ?? []).sort();
  if (parts.length > 0) return parts;
  throw new CocaError('not-found', `there is no ${EMBEDDINGS}_N.npy in ${join(folder, EMBEDDINGS)}`);
}
