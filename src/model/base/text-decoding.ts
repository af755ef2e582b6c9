import { isUtf8 } from 'node:buffer';
import { CocaError } from './errors.js';
import { sequenceLength } from './file-names.js';

/** How bytes stand for text: as the byte order mark at their start says, else UTF-8. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** What the start of a file says about its text. */
export interface TextStart {
  readonly encoding: Encoding;
  /** How many bytes the byte order mark takes: it is no part of the text. */
  readonly mark: number;
}

const MARKS: readonly (readonly [Encoding, ...number[]])[] = [
  ['utf-8', 0xef, 0xbb, 0xbf],
  ['utf-16le', 0xff, 0xfe],
  ['utf-16be', 0xfe, 0xff],
];

/** As many bytes of a file tell its encoding. */
export const MARK_BYTES = 3;

const LINE_FEED = 0x0a;

/** Some character beyond ASCII, in `asciiUnits`. */
const OTHER = 0x78;

const DECODERS = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'utf-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
} as const;

/** @param head the first `MARK_BYTES` of a file, or all of a shorter one */
export function textStart(head: Uint8Array): TextStart {
  const found = MARKS.find(([, ...mark]) => mark.every((byte, i) => head[i] === byte));
  return found ? { encoding: found[0], mark: found.length - 1 } : { encoding: 'utf-8', mark: 0 };
}

/** Bytes of the smallest character. */
export const unitBytes = (encoding: Encoding): 1 | 2 => (encoding === 'utf-8' ? 1 : 2);

/**
 * The text of a file that was read whole: UTF-8, or UTF-16 with a byte order mark.
 * @param where what errors call it
 * @throws CocaError `unreadable` with the line that is something else, or that has a NUL character
 */
export function decodeText(bytes: Uint8Array, where: string): string {
  const { encoding, mark } = textStart(bytes);
  return decodePart(bytes.subarray(mark), encoding, where);
}

/** The bytes of a text in a file that begins as `textStart` says: `decodeText` reads it back. */
export function encodeText(text: string, { encoding, mark }: TextStart): Buffer {
  const marked = mark > 0 ? `\ufeff${text}` : text;
  if (encoding === 'utf-8') return Buffer.from(marked);
  const bytes = Buffer.from(marked, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

/**
 * The text of a part of a file, its byte order mark left out.
 * @param firstLine the number of the part's first line in the file
 * @throws CocaError `unreadable`, as `decodeText`
 */
export function decodePart(bytes: Uint8Array, encoding: Encoding, where: string, firstLine = 1): string {
  const text = strictText(bytes, encoding);
  if (text !== undefined && !text.includes('\0')) return text;
  let line = firstLine;
  for (let from = 0; ; line++) {
    const end = lineFeedAt(bytes, from, encoding);
    const problem = problemOf(bytes.subarray(from, end < 0 ? undefined : end), encoding);
    if (problem !== undefined || end < 0)
      throw notText(`${where}, line ${line}`, problem ?? 'is no text', bytes.includes(0));
    from = end + unitBytes(encoding);
  }
}

/** A line of a text, without its line feed. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a text as its bytes come; what follows the last line feed is a line if it is not empty.
 * @param where what errors call it
 * @param limit most bytes of a line
 * @throws CocaError `unreadable`, as `decodeText`, and for a longer line
 */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  limit: number,
): AsyncGenerator<TextLine> {
  let start: TextStart | undefined;
  let rest = Buffer.alloc(0);
  let number = 0;
  const line = (bytes: Uint8Array, { encoding }: TextStart): TextLine => {
    number++;
    return { number, text: decodePart(bytes, encoding, where, number) };
  };
  for await (const chunk of chunks) {
    let bytes = Buffer.concat([rest, chunk]);
    if (start === undefined && bytes.length >= MARK_BYTES) {
      start = textStart(bytes);
      bytes = bytes.subarray(start.mark);
    }
    let from = 0;
    if (start !== undefined) {
      for (let end = lineFeedAt(bytes, from, start.encoding); end >= 0; ) {
        yield line(bytes.subarray(from, end), start);
        from = end + unitBytes(start.encoding);
        end = lineFeedAt(bytes, from, start.encoding);
      }
    }
    rest = bytes.subarray(from);
    if (rest.length > limit) {
      throw new CocaError('unreadable', `${where}, line ${number + 1}: more than ${limit} bytes`, 'is it a text file?');
    }
  }
  if (start === undefined) {
    start = textStart(rest);
    rest = rest.subarray(start.mark);
  }
  // Of fewer bytes than a mark may have, one can be a line feed.
  for (let from = 0; from < rest.length; ) {
    const found = lineFeedAt(rest, from, start.encoding);
    const end = found < 0 ? rest.length : found;
    yield line(rest.subarray(from, end), start);
    from = end + unitBytes(start.encoding);
  }
}

/**
 * One byte for each code unit of a piece of a file: ASCII as it is, and some letter for what is beyond. What separates lines and cells
 * is ASCII, so this is enough to find them, and places in it are places in the file.
 */
export function asciiUnits(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  if (encoding === 'utf-8') return bytes;
  const [low, high] = encoding === 'utf-16le' ? [0, 1] : [1, 0];
  const units = new Uint8Array(Math.ceil(bytes.length / 2));
  for (let i = 0; i < units.length; i++) {
    const code = bytes[2 * i + low]!;
    units[i] = bytes[2 * i + high] === 0 && code < 0x80 ? code : OTHER;
  }
  return units;
}

/** What a text has that says that it was lost before it came here; undefined for a sound one. */
export function lostIn(text: string): string | undefined {
  switch (text.match(/[\0\ufffd\p{Surrogate}]/u)?.[0]) {
    case undefined:
      return undefined;
    case '\0':
      return 'a NUL character';
    case '\ufffd':
      return 'U+FFFD, which stands for a character that was lost in a conversion';
    default:
      return 'half of a surrogate pair';
  }
}

/**
 * Refuses text with characters that were lost before.
 * @throws CocaError `unreadable` with the line
 */
export function requireSound({ text, number }: TextLine, where: string): void {
  const lost = lostIn(text);
  if (lost === undefined) return;
  throw new CocaError('unreadable', `${where}, line ${number}: has ${lost}`, 'mend that line, or write the file anew');
}

function strictText(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    if (encoding !== 'utf-16be') return DECODERS[encoding].decode(bytes);
    // The decoder of this order lets halves of surrogate pairs pass.
    return bytes.length % 2 === 0 ? DECODERS['utf-16le'].decode(Buffer.from(bytes).swap16()) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    return undefined;
  }
}

/** Where the next line feed begins, or -1. */
function lineFeedAt(bytes: Uint8Array, from: number, encoding: Encoding): number {
  if (encoding === 'utf-8') return bytes.indexOf(LINE_FEED, from);
  const low = encoding === 'utf-16le' ? 0 : 1;
  for (let at = bytes.indexOf(LINE_FEED, from); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    const unit = at - low;
    if (unit >= from && (unit - from) % 2 === 0 && bytes[unit + 1 - low] === 0) return unit;
  }
  return -1;
}

function problemOf(line: Uint8Array, encoding: Encoding): string | undefined {
  if (strictText(line, encoding)?.includes('\0')) return 'has a NUL character';
  if (encoding !== 'utf-8')
    return strictText(line, encoding) === undefined ? 'is not UTF-16, as its mark says' : undefined;
  if (isUtf8(line)) return undefined;
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
  let at = 0;
  for (let length = sequenceLength(bytes, at); length > 0; length = sequenceLength(bytes, at)) at += length;
  return `is not UTF-8 (byte 0x${bytes[at]!.toString(16).toUpperCase()} at column ${bytes.toString('utf8', 0, at).length + 1})`;
}

function notText(where: string, problem: string, hasZeros: boolean): CocaError {
  const hint = hasZeros
    ? 'UTF-16 without a byte order mark looks so: save it as UTF-8'
    : 'save it as UTF-8 (from Windows-1252: iconv -f WINDOWS-1252 -t UTF-8)';
  return new CocaError('unreadable', `${where}: ${problem}`, hint);
}
