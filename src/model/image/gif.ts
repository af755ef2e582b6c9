import type { Region, Size } from './geometry.js';
import type { Colour } from './pixels.js';

const TRAILER = 0x3b;
const IMAGE = 0x2c;
const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IS_TRANSPARENT = 1;
const HAS_TABLE = 0x80;
/** Signature and logical screen; image descriptor, with its separator. */
const [HEADER, DESCRIPTOR] = [13, 10];

/** Bytes of a colour table, from the packed field that announces it. */
const tableLength = (packed: number): number => (packed & HAS_TABLE ? 3 * 2 ** ((packed & 7) + 1) : 0);

/** Where a frame lies, and what colour its surroundings have; undefined where they are transparent, as the frame is. */
export interface Canvas {
  /** The screen, or more where the frame reaches beyond it. */
  readonly size: Size;
  readonly covered: Region;
  readonly colour?: Colour;
}

/** The first picture of a GIF, alone. */
export interface FirstFrame {
  readonly bytes: Uint8Array;
  readonly canvas: Canvas;
  /** Whether its codes make all of its pixels; decoders fill in what is missing. */
  isWhole(): boolean;
}

/** Where a GIF's first frame begins, and what is said before it. */
function findFrame(bytes: Uint8Array): { readonly descriptor: number; readonly isTransparent: boolean } | undefined {
  let isTransparent = false;
  let at = HEADER + tableLength(bytes[10] ?? 0);
  while (bytes[at] === EXTENSION) {
    if (bytes[at + 1] === GRAPHIC_CONTROL) isTransparent ||= (bytes[at + 3]! & IS_TRANSPARENT) !== 0;
    at = afterBlocks(bytes, at + 2);
  }
  return bytes[at] === IMAGE ? { descriptor: at, isTransparent } : undefined;
}

/** Where data sub-blocks end: each is a length and as many bytes, until a length of 0. */
function afterBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
  return at + 1;
}

/**
 * A GIF whose first frame has no transparency: what is transparent has its colour in the palette, as Pillow's indices have.
 * @returns also the index that Pillow fills the screen around the frame with
 */
export function withoutTransparency(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly around: number } {
  const plain = Uint8Array.from(bytes);
  let around = 0;
  let at = HEADER + tableLength(bytes[10] ?? 0);
  while (plain[at] === EXTENSION) {
    if (plain[at + 1] === GRAPHIC_CONTROL && (plain[at + 3]! & IS_TRANSPARENT) !== 0) {
      around = plain[at + 6]!;
      plain[at + 3] = plain[at + 3]! & ~IS_TRANSPARENT;
    }
    at = afterBlocks(plain, at + 2);
  }
  return { bytes: plain, around };
}

/** Where the colours of a GIF's first frame are, and how many bytes they have. */
function frameColours(bytes: Uint8Array): Uint8Array | undefined {
  const found = findFrame(bytes);
  if (found === undefined) return undefined;
  const own = tableLength(bytes[found.descriptor + 9] ?? 0);
  const start = own > 0 ? found.descriptor + DESCRIPTOR : HEADER;
  return bytes.subarray(start, start + (own > 0 ? own : tableLength(bytes[10]!)));
}

/** Whether every colour is the gray of its index: Pillow reads such a GIF as gray, not as a palette. */
export function isGrayRamp(bytes: Uint8Array): boolean {
  return frameColours(bytes)?.every((value, at) => value === Math.floor(at / 3)) ?? false;
}

/**
 * A GIF cut down to its first frame, so that the other frames cost nothing and may be damaged. (GIF89a, sections 17
 * to 27; around the frame is its first colour, as Pillow has it.)
 * @param around the index of the colour around the frame
 * @returns undefined for a file that ends before its first frame does, or gives it no colours
 */
export function firstFrame(bytes: Uint8Array, around = 0): FirstFrame | undefined {
  const found = findFrame(bytes);
  if (found === undefined) return undefined;
  const { descriptor, isTransparent } = found;
  const [common, own] = [tableLength(bytes[10]!), tableLength(bytes[descriptor + 9] ?? 0)];
  const data = descriptor + DESCRIPTOR + own;
  const end = afterBlocks(bytes, data + 1);
  if (end > bytes.length || common + own === 0) return undefined;
  const frame = new Uint8Array(end + 1);
  frame.set(bytes.subarray(0, end));
  frame[end] = TRAILER;

  const number = (at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
  const [left, top] = [number(descriptor + 1), number(descriptor + 3)];
  const [width, height] = [number(descriptor + 5), number(descriptor + 7)];
  const pixels = width * height;
  const isWhole = () => pixels > 0 && countPixels(bytes, data, pixels) >= pixels;
  const covered = { left, top, width, height };
  const size = { width: Math.max(number(6), left + width), height: Math.max(number(8), top + height) };
  if (isTransparent) return { bytes: frame, canvas: { size, covered }, isWhole };
  const table = (own > 0 ? descriptor + DESCRIPTOR : HEADER) + 3 * around;
  const colour: Colour = [bytes[table]!, bytes[table + 1]!, bytes[table + 2]!];
  return { bytes: frame, canvas: { size, covered, colour }, isWhole };
}

/** The frames of a GIF, as its blocks tell them. */
export interface GifFrames {
  readonly count: number;
  /** The screen, or more where the first frame reaches beyond it. */
  readonly size: Size;
  /** Whether it ends before its trailer. */
  readonly isCut: boolean;
  /** Whether the codes of each make all of its pixels. */
  isWhole(): boolean;
}

/** Goes through all blocks of a GIF (GIF89a, appendix B). */
export function gifFrames(bytes: Uint8Array): GifFrames {
  const frames: { readonly data: number; readonly pixels: number }[] = [];
  let size = { width: 0, height: 0 };
  const number = (at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
  let at = HEADER + tableLength(bytes[10] ?? 0);
  while (bytes[at] === EXTENSION || bytes[at] === IMAGE) {
    if (bytes[at] === EXTENSION) {
      at = afterBlocks(bytes, at + 2);
      continue;
    }
    const data = at + DESCRIPTOR + tableLength(bytes[at + 9] ?? 0);
    if (frames.length === 0) {
      size = {
        width: Math.max(number(6), number(at + 1) + number(at + 5)),
        height: Math.max(number(8), number(at + 3) + number(at + 7)),
      };
    }
    frames.push({ data, pixels: number(at + 5) * number(at + 7) });
    at = afterBlocks(bytes, data + 1);
  }
  const isCut = bytes[at] !== TRAILER;
  const isWhole = () => frames.every(({ data, pixels }) => pixels > 0 && countPixels(bytes, data, pixels) >= pixels);
  return { count: frames.length, size, isCut, isWhole };
}

/**
 * How many pixels a frame's LZW codes stand for, up to `most` (GIF89a, appendix F).
 * @param data where the frame's code size is, before its sub-blocks
 */
function countPixels(bytes: Uint8Array, data: number, most: number): number {
  const literalBits = bytes[data]!;
  const [clear, stop] = [1 << literalBits, (1 << literalBits) + 1];
  if (literalBits < 1 || literalBits > 11) return 0;
  /** By code: how many pixels it stands for. */
  const lengths = new Uint32Array(4096).fill(1, 0, clear);
  let next = stop + 1;
  let width = literalBits + 1;
  let previous = 0;
  let pixels = 0;
  let bits = 0;
  let held = 0;
  for (let block = data + 1; bytes[block] !== 0; block += bytes[block]! + 1) {
    for (let at = block + 1; at <= block + bytes[block]!; at++) {
      bits |= bytes[at]! << held;
      held += 8;
      while (held >= width) {
        const code = bits & ((1 << width) - 1);
        bits >>>= width;
        held -= width;
        if (code === clear) {
          next = stop + 1;
          width = literalBits + 1;
          previous = 0;
          continue;
        }
        if (code === stop || code > next || (code === next && previous === 0)) return pixels;
        // A new code stands for the previous one's pixels and one more.
        if (previous > 0 && next < 4096) {
          lengths[next] = previous + 1;
          next += 1;
          if (next === 1 << width && width < 12) width += 1;
        }
        previous = lengths[code]!;
        pixels += previous;
        if (pixels >= most) return pixels;
      }
    }
  }
  return pixels;
}
