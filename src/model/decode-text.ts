import { CocaError } from './errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const LINE_FEED = 0x0a;

/**
 * The text of a whole file: UTF-8, or UTF-16 with a byte order mark. The mark is left out.
 * @param name what messages call the file
 * @throws CocaError `bad-text` with the line of the first byte that is no UTF-8, or of the first NUL
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!isLittle && !(bytes[0] === 0xfe && bytes[1] === 0xff))
    return decodeUtf8(bytes, (line) => `${name}, line ${line}`);
  let text: string;
  try {
    text = new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CocaError('bad-text', `${name}: broken UTF-16`, 'save it as UTF-8', { cause });
  }
  refuseNul(text, (line) => `${name}, line ${line}`);
  return text;
}

/**
 * UTF-8 as text, a byte order mark left out.
 * @param place what messages call the place of a fault, by its line in these bytes, from 1
 * @throws CocaError `bad-text`
 */
export function decodeUtf8(bytes: Uint8Array, place: (line: number) => string): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    const where = place(lineOfFault(bytes));
    throw new CocaError('bad-text', `${where}: bytes that are no UTF-8`, 'save it as UTF-8', { cause });
  }
  refuseNul(text, place);
  return text;
}

/** Text never has NUL; UTF-16 without a byte order mark does. */
function refuseNul(text: string, place: (line: number) => string): void {
  const at = text.indexOf('\0');
  if (at < 0) return;
  const where = place(text.slice(0, at).split('\n').length);
  throw new CocaError('bad-text', `${where}: a NUL, which no text has (UTF-16?)`, 'save it as UTF-8');
}

/** A line feed is no part of a longer character, so that each line is sound or not by itself. */
function lineOfFault(bytes: Uint8Array): number {
  for (let line = 1, start = 0; ; line++) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end < 0) return line;
    try {
      utf8.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
}
