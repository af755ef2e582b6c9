/** How a picture can be drawn. */
export type PictureKind = 'kitty' | 'iterm' | 'sixel' | 'blocks' | 'none';

/** A square picture: `size` x `size` x 3 bytes, rows from the top, RGB. */
export interface Raster {
  readonly size: number;
  readonly rgb: Uint8Array;
}

/** Means over `columns` x `rows` equal areas: columns x rows x 3. */
export function shrink(raster: Raster, columns: number, rows: number): Uint8Array {
  const { size, rgb } = raster;
  const out = new Uint8Array(columns * rows * 3);
  for (let y = 0; y < rows; y++) {
    const top = Math.floor((y * size) / rows);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * size) / rows));
    for (let x = 0; x < columns; x++) {
      const left = Math.floor((x * size) / columns);
      const right = Math.max(left + 1, Math.floor(((x + 1) * size) / columns));
      const area = (bottom - top) * (right - left);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let v = top; v < bottom; v++) {
          for (let u = left; u < right; u++) sum += rgb[(v * size + u) * 3 + channel]!;
        }
        out[(y * columns + x) * 3 + channel] = Math.round(sum / area);
      }
    }
  }
  return out;
}

const known = new WeakMap<Raster, Map<number, Raster>>();

/** The same in `size` x `size` pixels. Keys redraw a picture at the same size: it is shrunk once. */
export function shrunk(picture: Raster, size: number): Raster {
  const sizes = known.get(picture) ?? new Map<number, Raster>();
  known.set(picture, sizes);
  const raster = sizes.get(size) ?? { size, rgb: shrink(picture, size, size) };
  sizes.set(size, raster);
  return raster;
}
