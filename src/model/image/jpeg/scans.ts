import { type BlockReader, firstAc, firstDc, type Progress, refineAc, refineDc, sequential } from './blocks.js';
import { HuffmanTable, ScanBits } from './codes.js';
import { type Component, type Frame, readFrame } from './frame.js';
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
