import { constants } from 'node:zlib';
import ansiEscapes from 'ansi-escapes';
import { PNG } from 'pngjs';
import type { Raster } from '../picture.js';

/** iTerm2's inline images (iterm2.com/documentation-images.html): a PNG, scaled by the terminal to columns x rows cells. */
export function itermImage(
  raster: Raster,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  return ansiEscapes.image(png(raster), { width: columns, height: rows, preserveAspectRatio: false });
}

/** Made at once, and fast rather than small: it is needed between two key presses. */
function png({ size, rgb }: Raster): Buffer {
  const picture = new PNG({ width: size, height: size });
  picture.data = Buffer.from(rgb);
  return PNG.sync.write(picture, {
    colorType: 2,
    inputColorType: 2,
    inputHasAlpha: false,
    filterType: 0,
    deflateLevel: constants.Z_BEST_SPEED,
    deflateStrategy: constants.Z_DEFAULT_STRATEGY,
  });
}
