import { patchBoxes, patchesOf, type Rectangle, withoutBoxes } from '../../model/attention/faithfulness.js';
import { type MeasuredMap, peakOf } from '../../model/attention/maps.js';
import type { Raster } from '../picture/raster.js';

/** Side of the rectangle that one begins with, in cells. */
const FIRST = 3;

/** The rectangle that one begins with: around the peak of a map, as far as there is room. */
export function regionAround({ map }: MeasuredMap, grid: number): Rectangle {
  const side = Math.min(FIRST, grid);
  const { x, y } = peakOf(map, grid);
  const from = (place: number): number =>
    Math.min(grid - side, Math.max(0, Math.floor(place * grid) - Math.floor(side / 2)));
  return { x: from(x), y: from(y), width: side, height: side };
}

/** The picture without a rectangle, which has a white frame in a black one. */
export function framed(picture: Raster, grid: number, region: Rectangle): Raster {
  const erased = withoutBoxes(picture, patchBoxes(picture.size, grid, patchesOf(region, grid)));
  const { size, rgb } = erased;
  const side = Math.floor(size / grid);
  const edge = Math.max(1, Math.round(size / 96));
  const [left, top] = [region.x * side, region.y * side];
  const [right, bottom] = [left + region.width * side, top + region.height * side];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const beyond = Math.min(x - left, y - top, right - 1 - x, bottom - 1 - y);
      if (beyond < 0 || beyond >= 2 * edge) continue;
      rgb.fill(beyond < edge ? 0 : 255, (y * size + x) * 3, (y * size + x + 1) * 3);
    }
  }
  return { size, rgb };
}
