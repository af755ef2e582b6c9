import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { RegularFile } from '../checkpoint/regular-file.js';
import { CocaError } from '../errors.js';
import type { Span } from './sample.js';

/** Where the rows of a file end: what is held of a file, 8 bytes a row. */
export class RowIndex {
  private ends = new Float64Array(1024);
  private count = 0;

  /** @param start where the first row begins */
  constructor(private readonly start: number) {}

  get size(): number {
    return this.count;
  }

  add(end: number): void {
    if (this.count === this.ends.length) {
      const longer = new Float64Array(2 * this.count);
      longer.set(this.ends);
      this.ends = longer;
    }
    this.ends[this.count++] = end;
  }

  span(row: number): Span {
    return { start: row === 0 ? this.start : this.ends[row - 1]!, end: this.ends[row]! };
  }
}

const LINE_FEED = 0x0a;
const WHITE_SPACE = new Set([0x09, 0x0a, 0x0d, 0x20]);

/** The lines of a file, its blank ones left out (their bytes belong to the line after them). */
export async function indexLines(path: string): Promise<RowIndex> {
  const file = await RegularFile.open(path);
  const index = new RowIndex(0);
  try {
    let at = 0;
    let isBlank = true;
    for await (const chunk of file.chunks(0, file.size)) {
      let from = 0;
      while (from < chunk.length) {
        const found = chunk.indexOf(LINE_FEED, from);
        const to = found < 0 ? chunk.length : found + 1;
        isBlank &&= chunk.subarray(from, to).every((byte) => WHITE_SPACE.has(byte));
        if (found >= 0 && !isBlank) {
          index.add(at + to);
          isBlank = true;
        }
        from = to;
      }
      at += chunk.length;
    }
    if (!isBlank) index.add(at);
  } finally {
    await file.close();
  }
  return index;
}

/** Tables as spreadsheets and pandas write them: fields may be quoted, and then hold separators and line ends. */
const TABLE = {
  bom: true,
  record_delimiter: ['\n', '\r\n'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
};

/**
 * The rows of a table and what its first row calls its columns.
 * @throws CocaError `bad-data` for a table that cannot be split into rows (a quote that never closes)
 */
export async function indexTable(
  path: string,
  separator: string,
): Promise<{ readonly columns: readonly string[]; readonly index: RowIndex }> {
  const file = await RegularFile.open(path);
  let columns: readonly string[] | undefined;
  let index = new RowIndex(0);
  try {
    const parser = parse({ ...TABLE, delimiter: separator, info: true });
    const source = Readable.from(copies(file.chunks(0, file.size)));
    source.on('error', (error) => parser.destroy(error));
    for await (const { record, info } of source.pipe(parser)) {
      if (columns === undefined) {
        columns = record;
        index = new RowIndex(info.bytes);
      } else {
        index.add(info.bytes);
      }
    }
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('bad-data', `${path} is no table: ${(cause as Error).message}`, undefined, { cause });
  } finally {
    await file.close();
  }
  return { columns: columns ?? [], index };
}

/** The parser keeps what it is given; the file's reader uses its buffer again. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

/** The fields of one row of a table. */
export function splitRow(text: string, separator: string): readonly string[] {
  return (parseNow(text, { ...TABLE, delimiter: separator }) as string[][])[0] ?? [];
}
