/** Bits that are looked up at once; longer codes are rare. */
const QUICK = 9;
const LONGEST = 16;

/** A Huffman code as a DHT segment gives it: how many codes there are of each length from 1 to 16, then their values. */
export class HuffmanTable {
  /** By the next `QUICK` bits: length of the code << 8 | value; 0 for a longer code, or none. */
  readonly quick = new Uint16Array(1 << QUICK);
  /** By length: the first code that is too large for it, and what turns a code into the index of its value. */
  readonly ends = new Int32Array(LONGEST + 1);
  readonly offsets = new Int32Array(LONGEST + 1);

  constructor(
    counts: Uint8Array,
    readonly values: Uint8Array,
  ) {
    let code = 0;
    let index = 0;
    for (let length = 1; length <= LONGEST; length++) {
      const count = counts[length - 1]!;
      this.offsets[length] = index - code;
      for (let i = 0; i < count && length <= QUICK; i++) {
        const first = (code + i) << (QUICK - length);
        this.quick.fill((length << 8) | values[index + i]!, first, first + (1 << (QUICK - length)));
      }
      code += count;
      index += count;
      this.ends[length] = code;
      code <<= 1;
    }
  }
}

/**
 * The entropy-coded bits of a scan (ITU-T T.81, F.2.2.5). Where a marker ends them, it goes on with zeros and remembers
 * how many it made up.
 */
export class ScanBits {
  #bits = 0;
  #count = 0;
  #madeUp = 0;

  constructor(
    private readonly file: Uint8Array,
    /** The first byte that is not among the bits yet. */
    public at: number,
  ) {}

  /** At least 25 bits. */
  #fill(): void {
    const { file } = this;
    while (this.#count <= 24) {
      let byte: number | undefined = file[this.at];
      if (byte === 0xff) {
        let next = this.at + 1;
        while (file[next] === 0xff) next++;
        if (file[next] === 0) this.at = next + 1;
        else byte = undefined; // a marker
      } else if (byte !== undefined) {
        this.at += 1;
      }
      if (byte === undefined) {
        this.#madeUp += 8;
        byte = 0;
      }
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }

  /** The value of the next code; -1 where no code begins like that. */
  code(table: HuffmanTable): number {
    if (this.#count < 25) this.#fill();
    const entry = table.quick[(this.#bits >>> (this.#count - QUICK)) & ((1 << QUICK) - 1)]!;
    if (entry !== 0) {
      this.#count -= entry >> 8;
      return entry & 255;
    }
    for (let length = QUICK + 1; length <= LONGEST; length++) {
      const code = (this.#bits >>> (this.#count - length)) & ((1 << length) - 1);
      if (code < table.ends[length]!) {
        this.#count -= length;
        return table.values[code + table.offsets[length]!]!;
      }
    }
    return -1;
  }

  /** The next bits as a number; at most 16. */
  take(length: number): number {
    if (this.#count < length) this.#fill();
    this.#count -= length;
    return (this.#bits >>> this.#count) & ((1 << length) - 1);
  }

  /** At most 32 bits. */
  skip(length: number): void {
    let left = length;
    if (this.#count < left) {
      left -= this.#count;
      this.#count = 0;
      this.#fill();
    }
    this.#count -= left;
  }

  /** Whether more was taken than there was. */
  get areExhausted(): boolean {
    return this.#count < this.#madeUp;
  }

  /** Whether the rest of the byte that was begun is filled with ones, as an encoder does at the end. */
  get endWithOnes(): boolean {
    const rest = this.#count & 7;
    const ones = (1 << rest) - 1;
    return ((this.#bits >>> (this.#count - rest)) & ones) === ones;
  }

  /** Whether nothing but zeros is left of what was read. */
  get endWithZeros(): boolean {
    const rest = this.#count === 32 ? this.#bits : this.#bits & ((1 << this.#count) - 1);
    return rest === 0;
  }

  /** Whether whole bytes were read ahead and not taken. */
  get haveMore(): boolean {
    return this.#count - this.#madeUp >= 8;
  }
}
