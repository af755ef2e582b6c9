/**
 * GPT-2's printable alphabet for bytes, which byte-level vocabularies are written in: the visible Latin-1 characters
 * stand for themselves, the other bytes, in order, for U+0100 and up.
 */
const VISIBLE: readonly (readonly [number, number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

const order: number[] = VISIBLE.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const printable = new Set(order);
const letters = order.map((byte) => String.fromCharCode(byte));
for (let byte = 0; byte < 256; byte++) {
  if (printable.has(byte)) continue;
  letters.push(String.fromCharCode(256 + order.length - printable.size));
  order.push(byte);
}

/** The 256 letters in CLIP's order, in which letter i has id i. */
export const BYTE_LETTERS: readonly string[] = letters;

/** Place in `BYTE_LETTERS` of each byte. */
export const LETTER_OF_BYTE: readonly number[] = Array.from({ length: 256 }, (_, byte) => order.indexOf(byte));

const byteOfLetter = new Map(letters.map((letter, i) => [letter, order[i]!]));

/** Bytes of text in the alphabet. Other characters, which no byte-level vocabulary has, stand for their own UTF-8. */
export function lettersToBytes(text: string): Uint8Array {
  return Uint8Array.from([...text].flatMap((letter) => byteOfLetter.get(letter) ?? [...Buffer.from(letter)]));
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** UTF-8 to text, U+FFFD for what is not. */
export const bytesToText = (bytes: Uint8Array): string => lenient.decode(bytes);

/** UTF-8 to text, with the bytes of broken or partial characters visible: "caf\xC3". */
export function bytesToVisibleText(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      text += strict.decode(bytes.subarray(at, at + length));
      at += length;
    } catch {
      text += `\\x${lead.toString(16).toUpperCase().padStart(2, '0')}`;
      at += 1;
    }
  }
  return text;
}
