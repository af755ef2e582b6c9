import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { CocaError } from '../../base/errors.js';
import { RegularFile } from '../../base/regular-file.js';
import { asciiUnits, decodePart, type Encoding, MARK_BYTES, textStart, unitBytes } from '../../base/text-decoding.js';
import type { Span } from '../sample.js';

/** Where the rows of a file are: what is held of it, 16 bytes a row. */
export class RowIndex {
  #ends = new Float64Array(1024);
  #lines = new Float64Array(1024);
  #count = 0;

  /** @param start where the first row begins */
  constructor(
    private readonly start: number,
    readonly encoding: Encoding,
  ) {}

  get size(): number {
    return this.#count;
  }

  /** @param line the number of the row's first line, blank ones before it included */
  add(end: number, line: number): void {
    if (this.#count === this.#ends.length) [this.#ends, this.#lines] = [longer(this.#ends), longer(this.#lines)];
    this.#lines[this.#count] = line;
    this.#ends[this.#count++] = end;
  }

  at(row: number): { readonly span: Span; readonly line: number } {
    const start = row === 0 ? this.start : this.#ends[row - 1]!;
    return { span: { start, end: this.#ends[row]! }, line: this.#lines[row]! };
  }
}

function longer(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const result = new Float64Array(2 * values.length);
  result.set(values);
  return result;
}

/** A file's text as `asciiUnits`: places in it are places in the file. */
class Units {
  private constructor(
    private readonly file: RegularFile,
    readonly encoding: Encoding,
    private readonly mark: number,
  ) {}

  static async of(file: RegularFile): Promise<Units> {
    const { encoding, mark } = textStart(await file.read(0, Math.min(MARK_BYTES, file.size)));
    return new Units(file, encoding, mark);
  }

  /** Where in the file so many units end. */
  offset(units: number): number {
    return Math.min(this.mark + units * unitBytes(this.encoding), this.file.size);
  }

  /** A piece is valid until the next one is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.file.chunks(this.mark, this.file.size - this.mark)) {
      yield asciiUnits(chunk, this.encoding);
    }
  }
}

const LINE_FEED = 0x0a;
const WHITE_SPACE = new Set([0x09, 0x0a, 0x0d, 0x20]);

/**
 * The lines of a file, its blank ones left out (their bytes belong to the line after them).
 * @throws CocaError `not-found`, `unreadable`
 */
export async function indexLines(path: string): Promise<RowIndex> {
  const file = await RegularFile.open(path);
  try {
    const units = await Units.of(file);
    const index = new RowIndex(units.offset(0), units.encoding);
    let at = 0;
    let line = 1;
    let first = 1;
    let isBlank = true;
    for await (const chunk of units) {
      let from = 0;
      while (from < chunk.length) {
        const found = chunk.indexOf(LINE_FEED, from);
        const to = found < 0 ? chunk.length : found + 1;
        isBlank &&= chunk.subarray(from, to).every((byte) => WHITE_SPACE.has(byte));
        if (found >= 0) {
          line++;
          if (!isBlank) {
            index.add(units.offset(at + to), first);
            isBlank = true;
            first = line;
          }
        }
        from = to;
      }
      at += chunk.length;
    }
    if (!isBlank) index.add(units.offset(at), first);
    return index;
  } finally {
    await file.close();
  }
}

/** Tables as spreadsheets and pandas write them: fields may be quoted, and then hold separators and line ends. */
const TABLE = {
  record_delimiter: ['\n', '\r\n'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
};

/**
 * The rows of a table and what its first row calls its columns.
 * @throws CocaError `bad-data` for a table that cannot be split into rows (a quote that never closes); `unreadable` for a first row
 *   that is no text
 */
export async function indexTable(
  path: string,
  separator: string,
): Promise<{ readonly columns: readonly string[]; readonly index: RowIndex }> {
  const file = await RegularFile.open(path);
  try {
    const units = await Units.of(file);
    let columns: readonly string[] | undefined;
    let index = new RowIndex(units.offset(0), units.encoding);
    const lines = new LineCounter();
    const parser = parse({ ...TABLE, delimiter: separator, info: true });
    const source = Readable.from(copies(units, lines));
    source.on('error', (error) => parser.destroy(error));
    let line = 1;
    for await (const { info } of source.pipe(parser)) {
      const end = units.offset(info.bytes);
      if (columns === undefined) {
        const start = units.offset(0);
        columns = splitRow(decodePart(await file.read(start, end - start), units.encoding, path), separator);
        index = new RowIndex(end, units.encoding);
      } else {
        index.add(end, line);
      }
      line = lines.at(info.bytes);
    }
    return { columns: columns ?? [], index };
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('bad-data', `${path} is no table: ${(cause as Error).message}`, undefined, { cause });
  } finally {
    await file.close();
  }
}

/** The parser keeps what it is given; the file's reader uses its buffer again. */
async function* copies(units: AsyncIterable<Uint8Array>, lines: LineCounter): AsyncGenerator<Buffer> {
  for await (const chunk of units) {
    const copy = Buffer.from(chunk);
    lines.add(copy);
    yield copy;
  }
}

/** The numbers of lines at places that come in order, over pieces that come in time for them. */
class LineCounter {
  readonly #pieces: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #length = 0;
  #place = 0;
  #line = 1;

  add(bytes: Uint8Array): void {
    this.#pieces.push({ start: this.#length, bytes });
    this.#length += bytes.length;
  }

  /** Of the line that `place` is on. */
  at(place: number): number {
    for (let piece = this.#pieces[0]; piece && this.#place < place; piece = this.#pieces[0]) {
      const end = Math.min(place, piece.start + piece.bytes.length);
      const part = piece.bytes.subarray(this.#place - piece.start, end - piece.start);
      for (let at = part.indexOf(LINE_FEED); at >= 0; at = part.indexOf(LINE_FEED, at + 1)) this.#line++;
      this.#place = end;
      if (end === piece.start + piece.bytes.length) this.#pieces.shift();
    }
    return this.#line;
  }
}

/** The fields of one row of a table. */
export function splitRow(text: string, separator: string): readonly string[] {
  return (parseNow(text, { ...TABLE, delimiter: separator }) as string[][])[0] ?? [];
}
