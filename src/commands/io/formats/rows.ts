import { CocaError } from '../../../model/base/errors.js';
import { writeWhole } from '../../../model/base/whole-file.js';

/** The fields of one result, as its JSON has them. */
export type Row = Readonly<Record<string, unknown>>;

/** Results to be written into a file. */
export interface Rows {
  /** JSON objects, a line each, in their order; gone through as often as a format needs. */
  readonly lines: () => AsyncIterable<string>;
  readonly count: number;
}

export interface WriteOptions {
  /** Whether embeddings are rounded to half precision. */
  readonly isHalf: boolean;
  /** Reads the picture of a row, for formats that hold pictures. */
  readonly pictureOf?: (name: string) => Promise<Buffer>;
}

/** Text that is gathered before it is written. */
const WRITTEN_AT_ONCE = 2 ** 20;

/** Lines as a text file. */
export async function writeLines(target: string, lines: AsyncIterable<string>): Promise<void> {
  await writeWhole(target, async (write) => {
    let gathered: string[] = [];
    let length = 0;
    for await (const line of lines) {
      gathered.push(line, '\n');
      length += line.length;
      if (length < WRITTEN_AT_ONCE) continue;
      await write(Buffer.from(gathered.join('')));
      gathered = [];
      length = 0;
    }
    await write(Buffer.from(gathered.join('')));
  });
}

/** Lines as rows. */
export async function* parsedRows(lines: AsyncIterable<string>): AsyncGenerator<Row> {
  for await (const line of lines) yield JSON.parse(line) as Row;
}

/**
 * The embedding of a row.
 * @throws CocaError `bad-data` where it has none
 */
export function embeddingOf(row: Row, target: string): readonly number[] {
  if (Array.isArray(row.embedding)) return row.embedding as readonly number[];
  throw new CocaError('bad-data', `${target}: ${row.image} has no embedding`, 'coca embed computes embeddings');
}
