import { badCheckpoint, quote } from './problem.js';

/** A tensor as the header declares it, nothing about it checked but its grammar. */
export interface DeclaredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Byte range within the data that follows the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, DeclaredTensor>;
}

/** More dimensions than PyTorch allows; without a bound a header could be one shape of fifty million numbers. */
const MAX_DIMENSIONS = 64;

/** Tensors, and entries of the metadata. A hundred times the largest models', and what can be read within a second. */
const MAX_ENTRIES = 200_000;

const METADATA = '__metadata__';

/**
 * Reads the JSON header of a safetensors file.
 *
 * JSON.parse would keep the last of two equal keys and turn 1e3 or 2^53 + 1 into some integer, where another reader of
 * the same file sees something else; so this reads the one shape of JSON that the format allows, and nothing more.
 * @throws CocaError `bad-checkpoint`, with the tensor, where there is one, and the position in the header.
 */
export function parseHeader(path: string, text: string): SafetensorsHeader {
  return new HeaderParser(path, text).parse();
}

class HeaderParser {
  #position = 0;
  /** The tensor being read, for messages. */
  #tensor: string | undefined;

  constructor(
    private readonly path: string,
    private readonly text: string,
  ) {}

  parse(): SafetensorsHeader {
    const tensors = new Map<string, DeclaredTensor>();
    let metadata: ReadonlyMap<string, string> | undefined;
    this.#object((key) => {
      if (key === METADATA) {
        if (metadata !== undefined) throw this.#problem(`the key ${quote(key)} occurs twice`);
        metadata = this.#metadata();
        return;
      }
      if (tensors.has(key)) throw this.#problem(`the key ${quote(key)} occurs twice`);
      if (tensors.size === MAX_ENTRIES) throw this.#problem(`more than ${MAX_ENTRIES} tensors`);
      this.#tensor = key;
      tensors.set(key, this.#declaration());
      this.#tensor = undefined;
    });
    this.#space();
    if (this.#position !== this.text.length) throw this.#problem('text after the closing brace');
    return { metadata: metadata ?? new Map(), tensors };
  }

  #metadata(): ReadonlyMap<string, string> {
    const entries = new Map<string, string>();
    this.#object((key) => {
      if (entries.has(key)) throw this.#problem(`the key ${quote(key)} occurs twice in ${METADATA}`);
      if (entries.size === MAX_ENTRIES) throw this.#problem(`more than ${MAX_ENTRIES} entries in ${METADATA}`);
      this.#space();
      if (this.text[this.#position] !== '"') throw this.#problem(`${METADATA} holds something other than strings`);
      entries.set(key, this.#string());
    });
    return entries;
  }

  #declaration(): DeclaredTensor {
    let dtype: string | undefined;
    let shape: readonly number[] | undefined;
    let offsets: readonly number[] | undefined;
    this.#object((key) => {
      const twice = () => this.#problem(`the field ${quote(key)} occurs twice`);
      if (key === 'dtype') {
        if (dtype !== undefined) throw twice();
        dtype = this.#string();
      } else if (key === 'shape') {
        if (shape !== undefined) throw twice();
        shape = this.#integers(MAX_DIMENSIONS, `more than ${MAX_DIMENSIONS} dimensions`);
      } else if (key === 'data_offsets') {
        if (offsets !== undefined) throw twice();
        offsets = this.#integers(2, 'data_offsets are not two numbers');
      } else {
        throw this.#problem(`unknown field ${quote(key)}`);
      }
    });
    if (dtype === undefined) throw this.#problem('no dtype');
    if (shape === undefined) throw this.#problem('no shape');
    if (offsets === undefined) throw this.#problem('no data_offsets');
    if (offsets.length !== 2) throw this.#problem('data_offsets are not two numbers');
    return { dtype, shape, begin: offsets[0]!, end: offsets[1]! };
  }

  /** `{ "key": <value read by readValue>, ... }` */
  #object(readValue: (key: string) => void): void {
    this.#expect('{');
    if (this.#skip('}')) return;
    do {
      const key = this.#string();
      this.#expect(':');
      readValue(key);
    } while (this.#skip(','));
    this.#expect('}');
  }

  #integers(most: number, tooMany: string): readonly number[] {
    const numbers: number[] = [];
    this.#expect('[');
    if (this.#skip(']')) return numbers;
    do {
      if (numbers.length === most) throw this.#problem(tooMany);
      numbers.push(this.#integer());
    } while (this.#skip(','));
    this.#expect(']');
    return numbers;
  }

  /** A whole number from 0 to 2^53 - 1, in plain decimal digits. */
  #integer(): number {
    this.#space();
    const start = this.#position;
    while (isDigit(this.text.charCodeAt(this.#position))) this.#position++;
    const digits = this.text.slice(start, Math.min(this.#position, start + 20));
    if (digits === '') throw this.#problem('a whole number of 0 or more is missing');
    if (digits.length > 1 && digits.startsWith('0')) throw this.#problem('a number with leading zeros');
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw this.#problem('a number of 2^53 or more');
    return value;
  }

  #string(): string {
    this.#expect('"');
    const start = this.#position;
    let escaped = false;
    for (;;) {
      const code = this.text.charCodeAt(this.#position);
      if (Number.isNaN(code)) throw this.#problem('the text ends within a string');
      if (code < 0x20) throw this.#problem('a raw control character within a string');
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        this.#position++;
      }
      this.#position++;
    }
    const raw = this.text.slice(start, this.#position++);
    return escaped ? this.#unescape(raw) : raw;
  }

  #unescape(raw: string): string {
    let value: string;
    try {
      value = JSON.parse(`"${raw}"`);
    } catch {
      throw this.#problem(`the string ${quote(raw)} has an escape that JSON does not know`);
    }
    if (/\p{Surrogate}/u.test(value)) throw this.#problem(`the string ${quote(raw)} is no Unicode text`);
    return value;
  }

  #expect(character: string): void {
    if (this.#skip(character)) return;
    const found = this.text[this.#position];
    throw this.#problem(`${quote(character)} expected, ${found === undefined ? 'end of header' : quote(found)} found`);
  }

  #skip(character: string): boolean {
    this.#space();
    if (this.text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#position++;
    }
  }

  #problem(reason: string) {
    const where = this.#tensor === undefined ? '' : `tensor ${quote(this.#tensor)}: `;
    return badCheckpoint(this.path, `${where}${reason} (character ${this.#position} of the safetensors header)`);
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
