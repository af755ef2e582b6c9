import ansiEscapes from 'ansi-escapes';
import { png } from './png.js';
import type { Raster } from './raster.js';

/** iTerm2's inline images (iterm2.com/documentation-images.html): a PNG, scaled by the terminal to columns x rows cells. */
export function itermImage(
  raster: Raster,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  return ansiEscapes.image(png(raster), { width: columns, height: rows, preserveAspectRatio: false });
}
