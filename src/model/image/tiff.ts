import { CocaError } from '../base/errors.js';
import type { YccRange } from './pixels.js';

/** Tags that say what the samples of a pixel are (TIFF 6.0, sections 3 to 8, 18, 21). */
const [BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANES] = [258, 259, 262, 277, 284];
const [COLOUR_MAP, EXTRA_SAMPLES, COEFFICIENTS, SUBSAMPLING, REFERENCE] = [320, 338, 529, 530, 532];
/** Where the compressed data is, as strips or as tiles, and what the JPEGs among it share. */
const [STRIPS, STRIP_LENGTHS, TILES, TILE_LENGTHS, JPEG_TABLES] = [273, 279, 324, 325, 347];
const WANTED: ReadonlySet<number> = new Set([
  ...[STRIPS, STRIP_LENGTHS, TILES, TILE_LENGTHS, JPEG_TABLES],
  ...[BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANES],
  ...[COLOUR_MAP, EXTRA_SAMPLES, COEFFICIENTS, SUBSAMPLING, REFERENCE],
]);
const [JPEG, SEPARATE, RGB, PALETTE, YCBCR] = [7, 2, 2, 3, 6];
const [ASSOCIATED, UNASSOCIATED] = [1, 2];

/** Bytes of a value, by type: byte, short, long, rational, bytes without a meaning, and 64-bit integers. */
const WIDTHS: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 5: 8, 7: 1, 16: 8 };

/** No tag whose values are asked for needs more than a colour map has. */
const MOST_VALUES = 3 * 2 ** 16;

/** How many samples of a pixel are its colours, by photometric interpretation. */
const COLOURS: Readonly<Record<number, number>> = { 0: 1, 1: 1, [RGB]: 3, [PALETTE]: 1, 5: 4, [YCBCR]: 3 };

const OTHER_COLOURS: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  8: 'CIELab colours',
  9: 'ICCLab colours',
  10: 'ITULab colours',
  32803: 'the raw mosaic of a camera',
  32844: 'LogL brightness',
  32845: 'LogLuv colours',
  34892: 'raw linear colours of a camera',
  51177: 'a depth map',
};

/** Compressions that the decoder was built without. */
const UNREADABLE: Readonly<Record<number, string>> = {
  6: 'old-style JPEG',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50002: 'JPEG XL',
};

/** Bytes of a marker of a JPEG. */
const MARKER = 2;

type Tags = ReadonlyMap<number, readonly number[]>;

/** The first directory's values of numbers, rationals as quotients; undefined where it lies beyond the end of the file. */
function readTags(file: Uint8Array): Tags | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const little = file[0] === 0x49;
  const short = (at: number) => view.getUint16(at, little);
  const long = (at: number) => view.getUint32(at, little);
  const long64 = (at: number) => Number(view.getBigUint64(at, little));
  const tags = new Map<number, number[]>();
  try {
    const big = short(2) === 43;
    const place = big ? long64 : long;
    const [countSize, entrySize, inline] = big ? [8, 20, 8] : [2, 12, 4];
    const directory = place(big ? 8 : 4);
    const entries = big ? long64(directory) : short(directory);
    for (let i = 0; i < entries; i++) {
      const entry = directory + countSize + i * entrySize;
      const tag = short(entry);
      const type = short(entry + 2);
      const width = WIDTHS[type];
      if (width === undefined || !WANTED.has(tag) || tags.has(tag)) continue;
      const count = place(entry + 4);
      const field = entry + entrySize - inline;
      const start = count * width <= inline ? field : place(field);
      if (start + count * width > file.length) continue;
      const read = (at: number): number => {
        if (width === 1) return view.getUint8(at);
        if (type === 3) return short(at);
        if (type === 5) return long(at) / long(at + 4);
        return type === 4 ? long(at) : long64(at);
      };
      const values = Array.from({ length: Math.min(count, MOST_VALUES) }, (_, k) => read(start + k * width));
      tags.set(tag, values);
    }
    return tags;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What the samples of a TIFF's pixels mean beyond what its decoder makes of them. */
export interface TiffSamples {
  /** Which of the samples after the colours is alpha, from 0; undefined for none. */
  readonly alpha?: number;
  /** How to read Y, Cb and Cr that the decoder gives for red, green and blue; undefined where it gives these. */
  readonly ycc?: YccRange | undefined;
  /** The photometric interpretation, bits of a sample, and what samples beyond the colours are (TIFF 6.0: 262, 258, 338). */
  readonly photometric?: number;
  readonly bits?: number;
  readonly extra?: readonly number[];
  /** The JPEGs of which a picture is made, strip by strip or tile by tile. */
  jpegs?(): Iterable<Uint8Array>;
}

/** The JPEGs of a TIFF, each with the tables that they share (Adobe's TIFF Technical Note 2). */
function* jpegs(file: Uint8Array, tags: Tags): Generator<Uint8Array> {
  const shared = Uint8Array.from(tags.get(JPEG_TABLES) ?? []).subarray(0, -MARKER);
  const starts = tags.get(TILES) ?? tags.get(STRIPS) ?? [];
  const lengths = tags.get(TILE_LENGTHS) ?? tags.get(STRIP_LENGTHS) ?? [];
  for (const [i, start] of starts.entries()) {
    const own = file.subarray(start, start + (lengths[i] ?? 0));
    yield shared.length > 0 ? Buffer.concat([shared, own.subarray(MARKER)]) : own;
  }
}

const refuse = (what: string): never => {
  throw new CocaError('bad-image', `TIFF with ${what}`, 'convert the picture to 8-bit RGB');
};

/**
 * Reads what a TIFF's samples are. libvips takes any sample after the colours for alpha, and unsubsampled YCbCr for RGB.
 * @throws CocaError `bad-image`: colours or samples that are not understood
 */
export function readSamples(file: Uint8Array): TiffSamples {
  const tags = readTags(file);
  const first = (tag: number): number | undefined => tags?.get(tag)?.[0];
  const photometric = first(PHOTOMETRIC);
  // No directory, or no colours: nothing that a decoder would take.
  if (tags === undefined || photometric === undefined) return {};
  const compression = first(COMPRESSION) ?? 1;
  const unreadable = UNREADABLE[compression];
  if (unreadable !== undefined) refuse(`${unreadable} compression`);
  const colours = COLOURS[photometric];
  if (colours === undefined) return refuse(OTHER_COLOURS[photometric] ?? `colours of an unknown kind (${photometric})`);

  const extra = tags.get(EXTRA_SAMPLES) ?? [];
  const samples = first(SAMPLES) ?? 1;
  const beyond = samples - colours;
  // RGB with a fourth sample and no word about it is common; it is left out, as what the file calls nothing is.
  if (beyond !== extra.length && !(photometric === RGB && beyond === 1)) {
    refuse(`${samples} samples a pixel, of which ${colours} are colours and ${extra.length} others`);
  }
  const bits = first(BITS) ?? 1;
  if (photometric === PALETTE && tags.get(COLOUR_MAP)?.length !== 3 * 2 ** bits) {
    refuse('a palette that is missing, or not of the right length');
  }
  const index = extra.findIndex((kind) => kind === ASSOCIATED || kind === UNASSOCIATED);
  return {
    ...{ photometric, bits, extra },
    ...(index >= 0 && { alpha: index }),
    ...(compression === JPEG && { jpegs: () => jpegs(file, tags) }),
    ...(photometric === YCBCR && { ycc: readYcc(tags) }),
  };
}

/** How to read unsubsampled YCbCr; undefined where libtiff converts it: what is subsampled or compressed as JPEG. */
function readYcc(tags: Tags): YccRange | undefined {
  const bits = tags.get(BITS)?.[0] ?? 1;
  if (bits !== 8) refuse(`YCbCr samples of ${bits} bits`);
  if (tags.get(PLANES)?.[0] === SEPARATE) refuse('YCbCr in separate planes');
  const [across = 2, down = 2] = tags.get(SUBSAMPLING) ?? [];
  if (tags.get(COMPRESSION)?.[0] === JPEG || across !== 1 || down !== 1) return undefined;
  const [red = 0.299, green = 0.587, blue = 0.114] = tags.get(COEFFICIENTS) ?? [];
  const [black = 0, white = 255, noBlue = 128, mostBlue = 255, noRed = 128, mostRed = 255] = tags.get(REFERENCE) ?? [];
  const ycc = {
    coefficients: [red, green, blue],
    y: [black, white],
    cb: [noBlue, mostBlue],
    cr: [noRed, mostRed],
  } as const;
  const isSound = Object.values(ycc).every((numbers) => numbers.every(Number.isFinite));
  if (!isSound || green <= 0 || white <= black || mostBlue <= noBlue || mostRed <= noRed) {
    refuse('YCbCr of impossible coefficients or ranges');
  }
  return ycc;
}
