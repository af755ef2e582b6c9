import { PickleRefusal } from './values.js';

/** Numbers and text as pickle instructions write them. Each function throws PickleRefusal for anything else. */

/** Longer integers (128 bits) have no place in a checkpoint, and converting them costs quadratic time. */
const MAX_INTEGER_BYTES = 16;
const MAX_INTEGER_DIGITS = 39;

/** A decimal integer: a number where that is exact, else a bigint. */
export function integerOfText(text: string): number | bigint {
  if (!/^[+-]?\d+$/.test(text) || text.length > MAX_INTEGER_DIGITS + 1) throw new PickleRefusal('a malformed integer');
  return narrow(BigInt(text.replace(/^\+/, '')));
}

/** The argument of INT, which also writes protocol 1's booleans. */
export function integerOrBoolean(text: string): number | bigint | boolean {
  return text === '00' ? false : text === '01' ? true : integerOfText(text);
}

/** A little-endian two's complement integer; no bytes are 0. */
export function integerOfBytes(bytes: Uint8Array): number | bigint {
  if (bytes.length > MAX_INTEGER_BYTES) throw new PickleRefusal(`an integer of ${bytes.length} bytes`);
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return narrow(BigInt.asIntN(bytes.length * 8, value));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A float as Python's repr writes it. */
export function floatOfText(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  const special = /^([+-]?)(inf|nan)$/i.exec(text);
  if (special === null) throw new PickleRefusal('a malformed float');
  return (special[1] === '-' ? -1 : 1) * (special[2]!.toLowerCase() === 'inf' ? Infinity : NaN);
}

/** Protocol 0's text, where it needs no escapes. */
export function plainText(text: string): string {
  if (!/^[\x20-\x5b\x5d-\x7e]*$/.test(text)) throw new PickleRefusal('protocol 0 text with escapes');
  return text;
}

/** Protocol 0's quoted text, where it needs no escapes. */
export function quotedText(text: string): string {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted === null) throw new PickleRefusal('a string without quotes');
  return plainText(quoted[2]!);
}

/** The index of a GET or PUT. */
export function memoIndex(text: string): number {
  const index = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (index < 0) throw new PickleRefusal('a malformed memo index');
  return index;
}
