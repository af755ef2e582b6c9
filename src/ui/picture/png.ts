import { constants } from 'node:zlib';
import { PNG } from 'pngjs';
import type { Raster } from './raster.js';

/** A picture as a PNG. Made at once, and fast rather than small: it is needed between two key presses. */
export function png({ size, rgb }: Raster): Buffer {
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
