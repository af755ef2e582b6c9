import { INSTRUCTION_OF_BYTE, type PickleArgument, type PickleOpcode } from './opcodes.js';
import { PickleRefusal } from './values.js';

/** Longer lines (numbers, global names) than this occur only in streams made to hurt. */
const MAX_LINE_BYTES = 4096;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text of UTF-8 bytes.
 * @throws PickleRefusal for other bytes
 */
export function textOf(bytes: Uint8Array): string {
  // Names of tensors are short and ASCII, and many: this is several times faster for them.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (!/[\x80-\xff]/.test(text)) return text;
  try {
    return utf8.decode(bytes);
  } catch {
    throw new PickleRefusal('a string that is not valid UTF-8');
  }
}

/** Splits a pickle into instructions. After `next`, exactly one of the fields that the argument's kind fills is valid. */
export class PickleReader {
  #position = 0;
  readonly #view: DataView;
  /** Where the current instruction begins. */
  start = 0;
  opcode: PickleOpcode = 'STOP';
  /** The argument of `uint*`, `int4` and `float8` instructions. */
  number = 0;
  /** The argument of `bytes*` instructions; a view, not a copy. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The argument of `line` and `lines` instructions. */
  line = '';
  /** The second line of `lines` instructions. */
  secondLine = '';

  constructor(private readonly data: Uint8Array) {
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Bytes after the current instruction. */
  get remaining(): number {
    return this.data.length - this.#position;
  }

  /**
   * Reads the next instruction.
   * @throws PickleRefusal at the end of the data or for an unknown opcode
   */
  next(): PickleOpcode {
    this.start = this.#position;
    const byte = this.data[this.#position];
    if (byte === undefined) throw new PickleRefusal('it ends without STOP: cut short');
    this.#position++;
    const instruction = INSTRUCTION_OF_BYTE[byte];
    if (instruction === undefined) {
      this.opcode = 'STOP';
      throw new PickleRefusal(`unknown opcode 0x${byte.toString(16).padStart(2, '0')}`);
    }
    this.opcode = instruction[0];
    if (instruction[1] !== 'none') this.#readArgument(instruction[1]);
    return this.opcode;
  }

  #readArgument(kind: PickleArgument): void {
    switch (kind) {
      case 'uint1':
        this.number = this.#view.getUint8(this.#take(1));
        break;
      case 'uint2':
        this.number = this.#view.getUint16(this.#take(2), true);
        break;
      case 'uint4':
        this.number = this.#view.getUint32(this.#take(4), true);
        break;
      case 'int4':
        this.number = this.#view.getInt32(this.#take(4), true);
        break;
      case 'uint8':
        this.number = Number(this.#view.getBigUint64(this.#take(8), true));
        break;
      case 'float8':
        this.number = this.#view.getFloat64(this.#take(8), false);
        break;
      case 'bytes1':
        this.#takeBytes(this.#view.getUint8(this.#take(1)));
        break;
      case 'bytes4':
        this.#takeBytes(this.#view.getUint32(this.#take(4), true));
        break;
      case 'bytes8':
        this.#takeBytes(Number(this.#view.getBigUint64(this.#take(8), true)));
        break;
      case 'line':
        this.line = this.#takeLine();
        break;
      case 'lines':
        this.line = this.#takeLine();
        this.secondLine = this.#takeLine();
        break;
    }
  }

  #take(length: number): number {
    const at = this.#position;
    if (length > this.remaining) throw new PickleRefusal(`${length} bytes expected, ${this.remaining} left: cut short`);
    this.#position += length;
    return at;
  }

  #takeBytes(length: number): void {
    const at = this.#take(length);
    this.bytes = this.data.subarray(at, at + length);
  }

  #takeLine(): string {
    const rest = this.data.subarray(this.#position, this.#position + MAX_LINE_BYTES);
    const length = rest.indexOf(0x0a);
    if (length < 0) {
      throw new PickleRefusal(rest.length < MAX_LINE_BYTES ? 'a line without end: cut short' : 'an overlong line');
    }
    this.#position += length + 1;
    return textOf(rest.subarray(0, length));
  }
}
