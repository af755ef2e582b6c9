import type { Size } from '../geometry.js';
import type { Axis } from '../resample/axis.js';

/** Three samples of every pixel, as RGB bytes. */
export function triples(data: Uint8Array, count: number, places: readonly [number, number, number]): Uint8Array {
  if (count === 3 && places.every((place, i) => place === i)) return data;
  const out = new Uint8Array((data.length / count) * 3);
  for (let from = 0, to = 0; from < data.length; from += count, to += 3) {
    for (let c = 0; c < 3; c++) out[to + c] = data[from + Math.min(places[c]!, count - 1)]!;
  }
  return out;
}

/** Where the pixels of a run lie in the source, without a filter (Pillow, src/libImaging/Geometry.c, ImagingScaleAffine). */
function sources(
  source: number,
  target: number,
  { from, count }: { readonly from: number; readonly count: number },
): number[] {
  const scale = source / target;
  const found: number[] = [];
  // Added up, as Pillow does it: a product would round otherwise.
  let at = scale * 0.5;
  for (let i = 0; i < from + count; i++) {
    if (i >= from) found.push(Math.min(source - 1, Math.floor(at)));
    at += scale;
  }
  return found;
}

/** RGB bytes of a part of a picture resized without a filter. */
export function nearest(
  rgb: Uint8Array,
  size: Size,
  resized: Size,
  across: { readonly from: number; readonly count: number },
  down: { readonly from: number; readonly count: number },
): Uint8Array {
  const columns = sources(size.width, resized.width, across);
  const rows = sources(size.height, resized.height, down);
  const out = new Uint8Array(rows.length * columns.length * 3);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * size.width + column) * 3;
      for (let c = 0; c < 3; c++) out[to++] = rgb[from + c]!;
    }
  }
  return out;
}

/** round(a * b / 255) for bytes, as Pillow's MULDIV255. */
function product(a: number, b: number): number {
  const t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/**
 * Colours multiplied by alpha, both resized, and divided again (Pillow's RGBa and La); alpha is dropped then.
 * @param resize RGB bytes to RGB bytes
 */
export function resampleWithAlpha(
  data: Uint8Array,
  count: number,
  alpha: number,
  resize: (rgb: Uint8Array) => Uint8Array,
): Uint8Array {
  const opacity = triples(data, count, [alpha, alpha, alpha]);
  const colours = triples(data, count, [0, 1, 2]);
  const shown = resize(colours.map((value, at) => product(value, opacity[at]!)));
  const shownOpacity = resize(opacity);
  return shown.map((value, at) => {
    const a = shownOpacity[at]!;
    return a === 0 || a === 255 ? value : Math.min(255, Math.floor((255 * value) / a));
  });
}

/** Pillow's resampling of 16-bit samples, then its conversion to RGB: what is over 255 is white. */
export function resampleWide(data: Uint8Array, count: number, size: Size, columns: Axis, rows: Axis): Uint8Array {
  const wide = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  const narrowed: number[][] = [];
  for (let row = 0; row < rows.length; row++) {
    const start = (rows.start + row) * size.width + columns.start;
    narrowed.push(weighed(columns, (at) => wide[(start + at) * count]!));
  }
  const out = new Uint8Array(rows.count * columns.count * 3);
  for (let x = 0; x < columns.count; x++) {
    for (const [y, value] of weighed(rows, (at) => narrowed[at]![x]!).entries()) {
      out.fill(Math.min(255, value), (y * columns.count + x) * 3, (y * columns.count + x + 1) * 3);
    }
  }
  return out;
}

/** A run of 16-bit samples along an axis. */
function weighed({ count, offsets, lengths, exact, taps }: Axis, sample: (at: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < lengths[i]!; k++) sum += sample(offsets[i]! + k) * exact[i * taps + k]!;
    // Both bytes are clipped alone, which differs from clipping the sample above 65535.
    const rounded = Math.floor(sum + 0.5);
    if (rounded <= 0) return 0;
    return rounded > 0xffff ? 0xff00 + (rounded % 256) : rounded;
  });
}
