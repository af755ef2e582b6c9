import { HuffmanTable, ScanBits } from './codes.js';
import {
  END_OF_IMAGE,
  HUFFMAN_TABLES,
  hasStrayBytes,
  isAlone,
  nextMarker,
  RESTART_INTERVAL,
  START_OF_SCAN,
  segmentAt,
} from './segments.js';

const [BASELINE, EXTENDED, PROGRESSIVE] = [0xc0, 0xc1, 0xc2];
const FIRST_RESTART = 0xd0;
/** Frames that are coded in other ways: lossless, hierarchical, arithmetic. */
const isOtherFrame = (marker: number): boolean =>
  marker >= 0xc3 && marker <= 0xcf && marker !== HUFFMAN_TABLES && marker !== 0xc8 && marker !== 0xcc;

/** More scans than encoders write; each goes through the whole picture, however few its bytes. */
const MOST_SCANS = 100;

interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  /** Blocks of the component's own samples, and of those that whole MCUs hold. */
  readonly columns: number;
  readonly rows: number;
  readonly stride: number;
  readonly lines: number;
  /** Progressive: which coefficients of which block are other than 0, as 64 bits a block; made when first needed. */
  nonzero?: Uint32Array;
  /** Whether a scan gave its DC coefficients. */
  seen: boolean;
}

interface Frame {
  readonly progressive: boolean;
  readonly components: readonly Component[];
  /** MCUs of a scan of several components. */
  readonly columns: number;
  readonly rows: number;
}

/** Reads SOF0 to SOF2 (B.2.2); undefined for what no decoder takes. */
function readFrame(file: Uint8Array, start: number, end: number, progressive: boolean): Frame | undefined {
  const height = (file[start + 1]! << 8) | file[start + 2]!;
  const width = (file[start + 3]! << 8) | file[start + 4]!;
  const count = file[start + 5]!;
  if (file[start] !== 8 || height === 0 || width === 0 || count < 1 || count > 4 || start + 6 + 3 * count > end) return;
  const given = Array.from({ length: count }, (_, i) => {
    const at = start + 6 + 3 * i;
    return { id: file[at]!, across: file[at + 1]! >> 4, down: file[at + 1]! & 15 };
  });
  if (given.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) return;
  const mostAcross = Math.max(...given.map(({ across }) => across));
  const mostDown = Math.max(...given.map(({ down }) => down));
  const columns = Math.ceil(width / (8 * mostAcross));
  const rows = Math.ceil(height / (8 * mostDown));
  const components = given.map(
    (component): Component => ({
      ...component,
      columns: Math.ceil(Math.ceil((width * component.across) / mostAcross) / 8),
      rows: Math.ceil(Math.ceil((height * component.down) / mostDown) / 8),
      stride: columns * component.across,
      lines: rows * component.down,
      seen: false,
    }),
  );
  return { progressive, components, columns, rows };
}

/** Reads what a DHT segment defines into `tables`, DC tables from 0 on and AC tables from 16 (B.2.4.2). */
function readTables(file: Uint8Array, start: number, end: number, tables: Map<number, HuffmanTable>): void {
  let at = start;
  while (at + 17 <= end) {
    const counts = file.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total > 256 || at + 17 + total > end) return;
    tables.set(file[at]!, new HuffmanTable(counts, file.subarray(at + 17, at + 17 + total)));
    at += 17 + total;
  }
}

/** One way of coding a block: false where its bits are no code of it. */
type BlockReader = (bits: ScanBits, component: Component, block: number) => boolean;

function sequential(dc: HuffmanTable, ac: HuffmanTable): BlockReader {
  return (bits) => {
    const size = bits.code(dc);
    if (size < 0 || size > 15) return false;
    bits.skip(size);
    for (let k = 1; k < 64; k++) {
      const value = bits.code(ac);
      if (value < 0) return false;
      const run = value >> 4;
      const length = value & 15;
      if (length === 0) {
        if (run !== 15) break;
        k += 15;
      } else {
        k += run;
        if (k > 63) return false;
        bits.skip(length);
      }
    }
    return true;
  };
}

/** The kinds of progressive scans (annex G). `endRun` counts blocks that an end-of-band code covers. */
interface Progress {
  endRun: number;
}

function firstDc(dc: HuffmanTable): BlockReader {
  return (bits) => {
    const size = bits.code(dc);
    if (size < 0 || size > 15) return false;
    bits.skip(size);
    return true;
  };
}

const refineDc: BlockReader = (bits) => {
  bits.skip(1);
  return true;
};

const mapOf = (component: Component): Uint32Array => {
  component.nonzero ??= new Uint32Array(component.stride * component.lines * 2);
  return component.nonzero;
};

function firstAc(ac: HuffmanTable, from: number, to: number, progress: Progress): BlockReader {
  return (bits, component, block) => {
    if (progress.endRun > 0) {
      progress.endRun -= 1;
      return true;
    }
    const nonzero = mapOf(component);
    for (let k = from; k <= to; k++) {
      const value = bits.code(ac);
      if (value < 0) return false;
      const run = value >> 4;
      const length = value & 15;
      if (length !== 0) {
        k += run;
        if (k > to) return false;
        nonzero[2 * block + (k >> 5)]! |= 1 << (k & 31);
        bits.skip(length);
      } else if (run === 15) {
        k += 15;
      } else {
        progress.endRun = (1 << run) - 1 + (run > 0 ? bits.take(run) : 0);
        break;
      }
    }
    return true;
  };
}

/** How many bits of a 32-bit word are set. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Bits `from` to `to` of the word that holds bits `first` to `first + 31`. */
function band(from: number, to: number, first: number): number {
  let mask = 0;
  for (let k = Math.max(from, first); k <= Math.min(to, first + 31); k++) mask |= 1 << (k - first);
  return mask;
}

function refineAc(ac: HuffmanTable, from: number, to: number, progress: Progress): BlockReader {
  const low = band(from, to, 0);
  const high = band(from, to, 32);
  return (bits, component, block) => {
    const nonzero = mapOf(component);
    const at = 2 * block;
    if (progress.endRun > 0) {
      bits.skip(bitCount(nonzero[at]! & low));
      bits.skip(bitCount(nonzero[at + 1]! & high));
      progress.endRun -= 1;
      return true;
    }
    let k = from;
    for (; k <= to; k++) {
      const value = bits.code(ac);
      if (value < 0) return false;
      let run = value >> 4;
      const length = value & 15;
      if (length > 1) return false;
      if (length === 1) {
        bits.skip(1);
      } else if (run !== 15) {
        progress.endRun = (1 << run) - 1 + (run > 0 ? bits.take(run) : 0);
        break;
      }
      // Past `run` coefficients that are 0 still; those that are not have a bit more here.
      for (; k <= to; k++) {
        if ((nonzero[at + (k >> 5)]! >>> (k & 31)) & 1) bits.skip(1);
        else if (--run < 0) break;
      }
      if (length === 1) {
        if (k > to) return false;
        nonzero[at + (k >> 5)]! |= 1 << (k & 31);
      }
    }
    // The end of a band: only what is not 0 already has a bit more.
    for (; k <= to; k++) if ((nonzero[at + (k >> 5)]! >>> (k & 31)) & 1) bits.skip(1);
    return true;
  };
}

/** A component of a scan, and how its blocks are coded there. */
interface Part {
  readonly component: Component;
  readonly read: BlockReader;
}

/** Reads a SOS segment (B.2.3); undefined for what no decoder takes, and for tables that the file leaves to the decoder. */
function readScan(
  file: Uint8Array,
  start: number,
  end: number,
  frame: Frame,
  tables: ReadonlyMap<number, HuffmanTable>,
  progress: Progress,
): readonly Part[] | undefined {
  const count = file[start]!;
  if (count < 1 || count > 4 || start + 1 + 2 * count + 3 > end) return;
  const [from, to, approximation] = file.subarray(start + 1 + 2 * count) as unknown as [number, number, number];
  const refines = approximation >> 4 !== 0;
  const parts: Part[] = [];
  for (let i = 0; i < count; i++) {
    const id = file[start + 1 + 2 * i]!;
    // Components of one identifier are told apart by their order.
    const component = frame.components.find((of) => of.id === id && !parts.some((part) => part.component === of));
    if (component === undefined) return;
    const selector = file[start + 2 + 2 * i]!;
    const dc = tables.get(selector >> 4);
    const ac = tables.get(16 + (selector & 15));
    let read: BlockReader | undefined;
    // What a sequential frame's scan says of its band means nothing: some cameras write zeros.
    if (!frame.progressive) read = dc && ac && sequential(dc, ac);
    else if (from === 0) read = refines ? refineDc : dc && firstDc(dc);
    else if (count > 1 || to > 63) return;
    else read = ac && (refines ? refineAc : firstAc)(ac, from, to, progress);
    if (read === undefined) return;
    component.seen ||= !frame.progressive || from === 0;
    parts.push({ component, read });
  }
  return parts;
}

/**
 * Goes through a scan from `start`, MCU by MCU.
 * @returns where the marker after it is (the end of the file, if none is); undefined where it does not hold all its blocks
 */
function walk(
  file: Uint8Array,
  start: number,
  frame: Frame,
  parts: readonly Part[],
  interval: number,
  progress: Progress,
): number | undefined {
  const alone = parts.length === 1 ? parts[0] : undefined;
  const columns = alone?.component.columns ?? frame.columns;
  const rows = alone?.component.rows ?? frame.rows;
  let bits = new ScanBits(file, start);
  /** Where the next marker is, if nothing but stray bytes is left before it. */
  const end = (): number | undefined => {
    const marker = nextMarker(file, bits.at) ?? file.length;
    const isOver = !bits.haveMore && !hasStrayBytes(file, bits.at, marker);
    if (isOver || bits.endWithOnes) return marker;
    // Codes that went wrong on the way seldom end where a byte was filled up with ones, or a word with zeros.
    const isZero = bits.endWithZeros && file.subarray(bits.at, marker).every((byte) => byte === 0);
    return isZero ? marker : undefined;
  };
  let left = interval;
  let restarts = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (interval > 0 && left === 0) {
        const marker = end();
        if (marker === undefined || file[marker + 1] !== FIRST_RESTART + (restarts & 7)) return;
        bits = new ScanBits(file, marker + 2);
        progress.endRun = 0;
        restarts += 1;
        left = interval;
      }
      if (alone !== undefined) {
        if (!alone.read(bits, alone.component, row * alone.component.stride + column)) return;
      } else {
        for (const { component, read } of parts) {
          const { across, down, stride } = component;
          for (let y = 0; y < down; y++) {
            const first = (row * down + y) * stride + column * across;
            for (let x = 0; x < across; x++) if (!read(bits, component, first + x)) return;
          }
        }
      }
      if (bits.areExhausted) return;
      left -= 1;
    }
  }
  return end();
}

/**
 * Whether a JPEG's scans hold the codes of all blocks of all components. libjpeg fills in what is missing and calls it a
 * warning, as it does harmless oddities; of the last rows libvips does not even hear. So the codes are read here, as
 * ITU-T T.81 has them (annexes F and G), without computing pixels from them.
 * @returns undefined for kinds that are not read here: arithmetic coding, lossless, 12 bits, tables that are not in the file
 */
export function hasWholeScans(file: Uint8Array): boolean | undefined {
  const tables = new Map<number, HuffmanTable>();
  let frame: Frame | undefined;
  let interval = 0;
  let scans = 0;
  let at = 2;
  for (;;) {
    const marker = nextMarker(file, at);
    if (marker === undefined) break;
    const kind = file[marker + 1]!;
    if (kind === END_OF_IMAGE) break;
    const { start, end } = segmentAt(file, marker);
    at = end;
    if (isAlone(kind)) continue;
    if (end > file.length || end < start) return false;
    if (kind === BASELINE || kind === EXTENDED || kind === PROGRESSIVE) {
      frame = readFrame(file, start, end, kind === PROGRESSIVE);
      if (frame === undefined) return undefined;
    } else if (isOtherFrame(kind)) {
      return undefined;
    } else if (kind === HUFFMAN_TABLES) {
      readTables(file, start, end, tables);
    } else if (kind === RESTART_INTERVAL) {
      interval = (file[start]! << 8) | file[start + 1]!;
    } else if (kind === START_OF_SCAN) {
      scans += 1;
      if (frame === undefined || scans > MOST_SCANS) return false;
      const progress: Progress = { endRun: 0 };
      const parts = readScan(file, start, end, frame, tables, progress);
      if (parts === undefined) return undefined;
      const next = walk(file, end, frame, parts, interval, progress);
      if (next === undefined) return false;
      at = next;
    }
  }
  return frame?.components.every(({ seen }) => seen) ?? false;
}
