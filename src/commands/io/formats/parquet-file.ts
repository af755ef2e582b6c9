import type { ParquetWriter } from 'hyparquet-writer';
import type { Writer } from 'hyparquet-writer/src/types.js';
import { writeWhole } from '../../../model/base/whole-file.js';
import { decodeF16, encodeF16 } from '../../../model/checkpoint/half.js';
import { parsedRows, type Row, type Rows, type WriteOptions } from './rows.js';

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/** A row group is about this large before it is packed. */
const ROW_GROUP_BYTES = 64 * 2 ** 20;

/** What columns hold, by the names of the results' fields; any other field is text, its JSON. */
const KINDS = {
  image: 'text',
  image_path: 'text',
  caption: 'text',
  model: 'text',
  by: 'text',
  precision: 'text',
  ablated_with: 'text',
  score: 'number',
  grounded: 'number',
  calibrated: 'truth',
  ids: 'integers',
  embedding: 'numbers',
} as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS] | 'json';

/** What a column of that name holds. */
export const kindOf = (name: string): Kind => (KINDS as Readonly<Record<string, Kind>>)[name] ?? 'json';

/**
 * Writes results as a Parquet file: a column for each field, in row groups of about 64 MB.
 * @throws CocaError `write-failed`
 */
export async function writeParquet(target: string, { lines }: Rows, { isHalf }: WriteOptions): Promise<void> {
  const columns = await columnsOf(lines());
  await writeParquetRows(target, columns, parsedRows(lines()), isHalf);
}

/** The fields that the rows have, in the order in which they are first seen. */
export async function columnsOf(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const names = new Set<string>(['image']);
  for await (const row of parsedRows(lines)) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}

/** Writes rows of which the columns are known. */
export async function writeParquetRows(
  target: string,
  columns: readonly string[],
  rows: AsyncIterable<Row>,
  isHalf: boolean,
  groupBytes = ROW_GROUP_BYTES,
): Promise<void> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  await writeWhole(target, async (write) => {
    const bytes = new ByteWriter();
    // Types of the package leave out where in its buffer it is.
    const place = bytes as unknown as Writer & { index: number };
    const flush = async () => {
      await write(new Uint8Array(place.buffer, 0, place.index));
      place.index = 0;
    };
    const parquet = new ParquetWriter({ writer: place, schema: schemaOf(columns, isHalf), createdBy: 'coca' });
    let group: Row[] = [];
    let size = 0;
    const writeGroup = async () => {
      const columnData = columns.map((name) => ({
        name,
        data: group.map((row) => storedValue(row[name], kindOf(name), isHalf)),
        // Nothing repeats in them, and nobody looks for one by its bounds.
        ...(kindOf(name) === 'numbers' && {
          codec: 'UNCOMPRESSED' as const,
          statistics: false,
          encoding: 'PLAIN' as const,
        }),
      }));
      await parquet.write({ columnData, rowGroupSize: group.length });
      await flush();
      group = [];
      size = 0;
    };
    for await (const row of rows) {
      group.push(row);
      size += sizeOf(row);
      if (size >= groupBytes) await writeGroup();
    }
    if (group.length > 0) await writeGroup();
    await parquet.finish();
    await flush();
  });
}

function schemaOf(columns: readonly string[], isHalf: boolean): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.flatMap((name) => elementsOf(name, isHalf))];
}

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

function elementsOf(name: string, isHalf: boolean): SchemaElement[] {
  const named = { name, repetition_type: name === 'image' || name === 'image_path' ? 'REQUIRED' : 'OPTIONAL' } as const;
  switch (kindOf(name)) {
    case 'text':
    case 'json':
      return [{ ...named, ...TEXT }];
    case 'number':
      return [{ ...named, type: 'DOUBLE' }];
    case 'truth':
      return [{ ...named, type: 'BOOLEAN' }];
    case 'integers':
      return list(named, { type: 'INT32' });
    case 'numbers':
      return list(named, isHalf ? HALF : { type: 'FLOAT' });
  }
}

const HALF = { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } } as const;

/** Three levels, as the format's specification has lists. */
const list = (outer: SchemaElement, element: Omit<SchemaElement, 'name'>): SchemaElement[] => [
  { ...outer, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'REQUIRED', ...element },
];

function storedValue(value: unknown, kind: Kind, isHalf: boolean): unknown {
  if (value === undefined || value === null) return undefined;
  if (kind === 'json') return JSON.stringify(value);
  return kind === 'numbers' && isHalf ? roundedToHalf(value as readonly number[]) : value;
}

/** The nearest numbers of half precision, ties to even. */
function roundedToHalf(values: readonly number[]): number[] {
  const bits = new Uint32Array(values.length);
  decodeF16(encodeF16(Float32Array.from(values)), bits, 0);
  return Array.from(new Float32Array(bits.buffer));
}

/** About how many bytes a row is. */
function sizeOf(row: Row): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(row)) {
    const kind = kindOf(name);
    if (kind === 'numbers' || kind === 'integers') bytes += 4 * (value as readonly unknown[]).length;
    else bytes += typeof value === 'string' ? value.length : kind === 'json' ? JSON.stringify(value).length : 8;
  }
  return bytes;
}
