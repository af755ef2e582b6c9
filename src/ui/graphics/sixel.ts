import type { Raster } from '../picture.js';

/** Levels of each channel: 6 x 6 x 6 colours are within the 256 that terminals have, and exact in sixel's percents. */
const LEVELS = 6;
const COLORS = LEVELS ** 3;
const BAND = 6;

/** Thresholds of ordered dithering (Bayer 1973), 4 x 4, in sixteenths. */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];

const START = '\u001bP0;1q';
const END = '\u001b\\';
const [REPEAT, CARRIAGE_RETURN, NEXT_BAND, COLOR, LOWEST] = [...'!$-#?'].map((c) => c.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
];

/** The palette as a terminal is told it, once for each picture. */
const PALETTE = Array.from({ length: COLORS }, (_, index) => {
  const percents = [Math.floor(index / LEVELS ** 2), Math.floor(index / LEVELS) % LEVELS, index % LEVELS];
  return `#${index};2;${percents.map((level) => level * 20).join(';')}`;
}).join('');

/** How many times larger a picture can be drawn: bands of six rows hold whole pixels. */
export const SIXEL_SCALES = [1, 2, 3, 6] as const;
export type SixelScale = (typeof SIXEL_SCALES)[number];

/**
 * A picture as a DEC sixel sequence, drawn from the cursor on. Colours are fixed and dithered: choosing a palette for each
 * picture takes ten times as long, and it has to be done between two key presses.
 * @param scale pixels of the terminal for each of the picture, along each side
 */
export function sixelImage(raster: Raster, scale: SixelScale): string {
  const { size } = raster;
  const side = size * scale;
  return `${START}"1;1;${side};${side}${PALETTE}${bands(dithered(raster), size, scale)}${END}`;
}

/** Palette indices, one a pixel. */
function dithered({ size, rgb }: Raster): Uint8Array {
  const indices = new Uint8Array(size * size);
  const factor = (LEVELS - 1) / 255;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      // Below 1: what is exactly a level stays it.
      const threshold = (BAYER[(y & 3) * 4 + (x & 3)]! + 0.5) / 16;
      const r = Math.floor(rgb[3 * i]! * factor + threshold);
      const g = Math.floor(rgb[3 * i + 1]! * factor + threshold);
      const b = Math.floor(rgb[3 * i + 2]! * factor + threshold);
      indices[i] = (r * LEVELS + g) * LEVELS + b;
    }
  }
  return indices;
}

/** Six rows of the terminal at a time, colour over colour. */
function bands(indices: Uint8Array, size: number, scale: SixelScale): string {
  const rowsPerBand = BAND / scale;
  const pixel = (1 << scale) - 1; // scale rows of a sixel
  const text = new Bytes();
  const sixels = new Uint8Array(COLORS * size); // [colour, x]: which of the six rows have the colour
  const isUsed = new Uint8Array(COLORS);
  for (let top = 0; top < size; top += rowsPerBand) {
    isUsed.fill(0);
    for (let row = 0; row < rowsPerBand && top + row < size; row++) {
      const from = (top + row) * size;
      for (let x = 0; x < size; x++) {
        const color = indices[from + x]!;
        if (isUsed[color] === 0) {
          isUsed[color] = 1;
          sixels.fill(0, color * size, (color + 1) * size);
        }
        sixels[color * size + x]! |= pixel << (row * scale);
      }
    }
    if (top > 0) text.add(NEXT_BAND);
    for (let color = 0; color < COLORS; color++) {
      if (isUsed[color] === 0) continue;
      text.add(COLOR);
      text.addNumber(color);
      addRuns(text, sixels.subarray(color * size, (color + 1) * size), scale);
      text.add(CARRIAGE_RETURN);
    }
  }
  return text.toString();
}

function addRuns(text: Bytes, sixels: Uint8Array, scale: SixelScale): void {
  let x = 0;
  while (x < sixels.length) {
    const value = sixels[x]!;
    let end = x + 1;
    while (end < sixels.length && sixels[end] === value) end++;
    if (value === 0 && end === sixels.length) return; // nothing more of this colour
    const count = (end - x) * scale;
    if (count > 3) {
      text.add(REPEAT);
      text.addNumber(count);
      text.add(LOWEST + value);
    } else {
      for (let i = 0; i < count; i++) text.add(LOWEST + value);
    }
    x = end;
  }
}

/** ASCII text that grows: a hundred thousand runs as strings would be much slower. */
class Bytes {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  add(byte: number): void {
    if (this.#length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * this.#length);
    this.#bytes[this.#length++] = byte;
  }

  addNumber(value: number): void {
    if (value >= 10) this.addNumber(Math.floor(value / 10));
    this.add(48 + (value % 10));
  }

  toString(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }
}
