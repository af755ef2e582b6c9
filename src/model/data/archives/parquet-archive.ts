import type { AsyncBuffer, FileMetaData, RowGroup, SchemaTree } from 'hyparquet';
import { CocaError } from '../../base/errors.js';
import { Lru } from '../../base/lru.js';
import { RegularFile } from '../../base/regular-file.js';
import { type Archive, type ArchiveName, MAX_MEMBER_BYTES, tooLargeMember } from './types.js';

/** Bytes of a column that are decoded at a time, about, where the file says where its pages are. */
const BLOCK_BYTES = 64 * 2 ** 20;
/** More of one column in a row group cannot be read at once. */
const MAX_CHUNK_BYTES = 2 ** 31;
/** Blocks that are held: pictures are read in their order, some at a time. */
const BLOCKS_HELD = 2;

/** What columns with pictures, and with their paths, are usually called, in the order of preference. */
const PICTURE_COLUMNS = ['image', 'jpg', 'jpeg', 'png', 'webp', 'img', 'picture', 'image_bytes', 'bytes', 'content'];
const PATH_COLUMNS = ['image_path', 'image', 'path', 'filepath', 'file_path', 'file_name', 'filename', 'file', 'url'];

/** Digits of a row's number in its name, so that the order of names is that of rows. */
const ROW_DIGITS = 9;

/** A column of pictures: bytes, or a struct with bytes in it, as Hugging Face's datasets write it; or of paths. */
interface Column {
  readonly name: string;
  readonly kind: 'bytes' | 'struct' | 'paths';
}

/** Rows [start, end) of the file, in one row group. */
interface Block {
  readonly start: number;
  readonly end: number;
}

/**
 * A Parquet file. Picture r of a column of bytes is called COLUMN/000000000r, so that a name says all that is needed to read it.
 * @throws CocaError `not-found`, `unreadable`; `bad-data` for what is no Parquet file
 */
export async function openParquet(path: string): Promise<Archive> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  // Looked at first: a pipe or a device could block.
  await (await RegularFile.open(path)).close();
  let file: AsyncBuffer;
  let metadata: FileMetaData;
  try {
    file = await asyncBufferFromFile(path);
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    const message = `${path} is no whole Parquet file: ${(cause as Error).message}`;
    throw new CocaError('bad-data', message, 'copy it once more', { cause });
  }
  return new ParquetArchive(path, file, metadata, parquetSchema(metadata).children);
}

class ParquetArchive implements Archive {
  readonly #blocks = new Lru<string, Promise<readonly unknown[]>>();

  constructor(
    private readonly path: string,
    private readonly file: AsyncBuffer,
    private readonly metadata: FileMetaData,
    private readonly columns: readonly SchemaTree[],
  ) {}

  async *names(wanted: string | undefined): AsyncGenerator<ArchiveName> {
    if (wanted !== undefined && this.#known(wanted) === undefined) {
      // Reading it says what is wrong: other files may have that column.
      yield { member: memberName(wanted, 0) };
      return;
    }
    const { name, kind } = this.#find(wanted);
    const rows = Number(this.metadata.num_rows);
    if (kind !== 'paths') {
      for (let row = 0; row < rows; row++) yield { member: memberName(name, row) };
      return;
    }
    for (const block of this.#blocksOf(name)) {
      const values = await this.#rows(name, block);
      for (const [i, value] of values.entries()) {
        const isPath = typeof value === 'string' && value !== '';
        yield isPath ? { path: value } : { member: memberName(name, block.start + i) };
      }
    }
  }

  async read(member: string): Promise<Buffer> {
    const [, name, digits] = /^(.+)\/(\d{9,15})$/.exec(member) ?? [];
    const row = Number(digits);
    if (name === undefined || row >= Number(this.metadata.num_rows)) {
      throw new CocaError('not-found', `no such picture in the file: ${this.path}/${member}`);
    }
    const { kind } = this.#find(name);
    if (kind === 'paths') throw this.#bad(`row ${row} has no picture in "${name}", which is a column of paths`);
    const block = this.#blocksOf(name).find(({ start, end }) => row >= start && row < end)!;
    const value = (await this.#rows(name, block))[row - block.start];
    const bytes = kind === 'struct' ? (value as { readonly bytes?: unknown } | null)?.bytes : value;
    if (!(bytes instanceof Uint8Array)) throw this.#bad(`row ${row} has no picture in "${name}"`);
    if (bytes.length > MAX_MEMBER_BYTES) throw tooLargeMember(`${this.path}/${member}`);
    return Buffer.from(bytes);
  }

  /** @throws CocaError `bad-data` where there is none, or none of that name that can hold pictures or paths */
  #find(wanted: string | undefined): Column {
    const names = this.columns.map(({ element }) => element.name);
    if (wanted !== undefined) {
      const column = this.#known(wanted);
      if (column !== undefined) return column;
      const isThere = names.includes(wanted);
      const why = isThere ? `the column "${wanted}" has neither bytes nor texts` : `there is no column "${wanted}"`;
      throw this.#bad(why, `its columns: ${names.join(', ')}`);
    }
    const found = names.flatMap((name) => this.#known(name) ?? []);
    const named = (known: readonly string[], isWanted: (kind: Column['kind']) => boolean) =>
      known.flatMap((name) => found.filter((column) => column.name.toLowerCase() === name && isWanted(column.kind)))[0];
    const withBytes = found.filter(({ kind }) => kind !== 'paths');
    const column =
      named(PICTURE_COLUMNS, (kind) => kind !== 'paths') ??
      (withBytes.length === 1 ? withBytes[0] : undefined) ??
      named(PATH_COLUMNS, (kind) => kind === 'paths');
    if (column !== undefined) return column;
    throw this.#bad('which column has pictures or their paths is not clear', `say it: --column ${names.join('|')}`);
  }

  /** A column that can hold pictures or paths. */
  #known(name: string): Column | undefined {
    const column = this.columns.find(({ element }) => element.name === name);
    const kind = column && kindOf(column);
    return kind && { name, kind };
  }

  /** The pieces in which a column is read. */
  #blocksOf(column: string): Block[] {
    let at = 0;
    return this.metadata.row_groups.flatMap((group) => {
      const start = at;
      const rows = Number(group.num_rows);
      at += rows;
      const { bytes, hasPages } = sizeOf(group, column);
      if (bytes > MAX_CHUNK_BYTES && !hasPages) {
        throw this.#bad(
          `a row group has ${bytes} bytes in "${column}", and does not say where its pages are`,
          'write it with row groups of 64 MB',
        );
      }
      const size = hasPages ? Math.max(1, Math.floor((rows * BLOCK_BYTES) / Math.max(1, bytes))) : rows;
      const blocks: Block[] = [];
      for (let from = 0; from < rows; from += size) {
        blocks.push({ start: start + from, end: start + Math.min(rows, from + size) });
      }
      return blocks;
    });
  }

  #rows(column: string, { start, end }: Block): Promise<readonly unknown[]> {
    const key = `${column}/${start}`;
    const known = this.#blocks.get(key);
    if (known) return known;
    const rows = this.#decode(column, start, end);
    this.#blocks.set(key, rows);
    this.#blocks.trim(BLOCKS_HELD);
    return rows;
  }

  async #decode(column: string, rowStart: number, rowEnd: number): Promise<readonly unknown[]> {
    const [{ parquetReadObjects }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    const { file, metadata } = this;
    try {
      const how = { file, metadata, columns: [column], rowStart, rowEnd, utf8: false, useOffsetIndex: true };
      const rows = await parquetReadObjects({ ...how, compressors });
      return rows.map((row) => row[column]);
    } catch (cause) {
      throw this.#bad(
        `rows ${rowStart} to ${rowEnd - 1} cannot be read: ${(cause as Error).message}`,
        undefined,
        cause,
      );
    }
  }

  #bad(what: string, hint?: string, cause?: unknown): CocaError {
    return new CocaError('bad-data', `${this.path}: ${what}`, hint, { cause });
  }
}

const memberName = (column: string, row: number): string => `${column}/${String(row).padStart(ROW_DIGITS, '0')}`;

/** What a column holds, if that can be pictures. */
function kindOf({ element, children }: SchemaTree): Column['kind'] | undefined {
  if (children.length > 0) {
    return children.some((child) => child.element.name === 'bytes' && kindOf(child) === 'bytes') ? 'struct' : undefined;
  }
  if (element.type !== 'BYTE_ARRAY' || element.repetition_type === 'REPEATED') return undefined;
  const isText = element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING';
  if (isText) return 'paths';
  return element.converted_type === undefined && element.logical_type === undefined ? 'bytes' : undefined;
}

/** How large a column is in a row group once unpacked, and whether the file says where its pages are. */
function sizeOf({ columns }: RowGroup, column: string): { readonly bytes: number; readonly hasPages: boolean } {
  const chunks = columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === column);
  return {
    bytes: chunks.reduce((sum, { meta_data }) => sum + Number(meta_data!.total_uncompressed_size), 0),
    hasPages: chunks.every(({ offset_index_offset }) => Boolean(offset_index_offset)),
  };
}
