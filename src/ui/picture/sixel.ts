import { medianCut } from './median-cut.js';
import type { Raster } from './raster.js';

const BAND = 6;

const START = '\u001bP0;1q';
const END = '\u001b\\';
const [REPEAT, CARRIAGE_RETURN, NEXT_BAND, COLOR, LOWEST] = [...'!$-#?'].map((c) => c.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
];

/** How many times larger a picture can be drawn: bands of six rows hold whole pixels. */
export const SIXEL_SCALES = [1, 2, 3, 6] as const;
export type SixelScale = (typeof SIXEL_SCALES)[number];

/**
 * A picture as a DEC sixel sequence, in 256 colours of its own, drawn from the cursor on.
 * @param scale pixels of the terminal for each of the picture, along each side
 */
export function sixelImage({ size, rgb }: Raster, scale: SixelScale): string {
  const side = size * scale;
  const { indices, palette } = medianCut(rgb);
  return `${START}"1;1;${side};${side}${colors(palette)}${bands(indices, palette.length / 3, size, scale)}${END}`;
}

function colors(palette: Uint8Array): string {
  const percent = (at: number): number => Math.round((palette[at]! * 100) / 255);
  return Array.from(
    { length: palette.length / 3 },
    (_, i) => `#${i};2;${percent(3 * i)};${percent(3 * i + 1)};${percent(3 * i + 2)}`,
  ).join('');
}

/** Six rows of the terminal at a time, colour over colour. */
function bands(indices: Uint8Array, colorCount: number, size: number, scale: SixelScale): string {
  const rowsPerBand = BAND / scale;
  const pixel = (1 << scale) - 1; // scale rows of a sixel
  const text = new Bytes();
  const sixels = new Uint8Array(colorCount * size); // [colour, x]: which of the six rows have the colour
  const isUsed = new Uint8Array(colorCount);
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
    for (let color = 0; color < colorCount; color++) {
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
