import type { Data, Table } from '@lancedb/lancedb';
import type { Schema } from 'apache-arrow';
import type { Lance } from './lancedb.js';
import type { Stamp } from './walk.js';

/** Of a file, what an index keeps to tell whether it has changed. */
export interface Kept extends Stamp {
  /** Below the root of the index, with slashes. */
  readonly path: string;
  /** When its times were looked at, before it was read: nanoseconds since 1970. */
  readonly read: bigint;
}

/** A picture of a collection. */
export interface Entry extends Kept {
  /** SHA-256 of its bytes, in hexadecimal digits. */
  readonly hash: string;
  /** Of the upright picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly caption: string | null;
  /** Of unit length. */
  readonly vector: Float32Array;
}

/** A file that could not be read as a picture. */
export interface Broken extends Kept {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** The columns of both tables. `Kept`'s come first. */
export function schemas({ arrow }: Lance, width: number): { readonly pictures: Schema; readonly broken: Schema } {
  const { Field, Float32, Float64, Int32, Int64, Utf8, FixedSizeList } = arrow;
  const field = (name: string, type: ConstructorParameters<typeof Field>[1], isNullable = false) =>
    new Field(name, type as never, isNullable);
  const kept = () => [
    field('path', new Utf8()),
    field('size', new Float64()),
    field('mtime', new Int64()),
    field('ctime', new Int64()),
    field('read', new Int64()),
  ];
  const pictures = new arrow.Schema([
    ...kept(),
    field('hash', new Utf8()),
    field('width', new Int32()),
    field('height', new Int32()),
    field('caption', new Utf8(), true),
    field('vector', new FixedSizeList(width, field('item', new Float32(), true) as never)),
  ]);
  const broken = new arrow.Schema([
    ...kept(),
    field('code', new Utf8()),
    field('message', new Utf8()),
    field('hint', new Utf8(), true),
  ]);
  return { pictures, broken };
}

/**
 * A name as the store keeps it, whose text is UTF-8: what is not (`decodeName`) is `\udcNN`, as in JSON, so that a beginning of a name
 * stays one.
 */
export const toStored = (name: string): string => JSON.stringify(name).slice(1, -1);

export const fromStored = (stored: string): string => JSON.parse(`"${stored}"`) as string;

/** A text in a condition on rows. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Rows as the store takes them. */
export function tableOf<R extends { readonly path: string }>(
  { lancedb }: Lance,
  schema: Schema,
  rows: readonly R[],
): Data {
  const stored = rows.map((row) => ({ ...row, path: toStored(row.path) }));
  return lancedb.makeArrowTable(stored as never, { schema });
}

/** How many names a condition has, at most. */
const NAMES_AT_ONCE = 500;

/** Removes rows by their paths. */
export async function removeFrom(table: Table, paths: readonly string[]): Promise<void> {
  for (const names of chunked(paths, NAMES_AT_ONCE)) await table.delete(amongPaths(names));
}

export const amongPaths = (paths: readonly string[]): string =>
  `path IN (${paths.map((path) => quoted(toStored(path))).join(', ')})`;

export function* chunked<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
