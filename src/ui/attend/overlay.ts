import type { MeasuredMap } from '../../model/attention/index.js';
import { enlargeMap, overlay } from '../picture/heat.js';
import { type Raster, shrunk } from '../picture/raster.js';

/** A picture and the map of one word over it. */
export interface MapDrawing {
  readonly picture: Raster;
  readonly grid: number;
  readonly wordMap: MeasuredMap;
  /** 0 is the picture alone. */
  readonly opacity: number;
}

/** Whether there is nothing to lay over the picture: it is wanted alone, or no place of it stands out. */
export const isBare = ({ wordMap, opacity }: MapDrawing): boolean => opacity === 0 || wordMap.isFlat;

/** The drawing in size x size pixels, without a mark of the peak. */
export function mapPixels(drawing: MapDrawing, size: number): Raster {
  if (isBare(drawing)) return shrunk(drawing.picture, size);
  const { picture, grid, wordMap, opacity } = drawing;
  return { size, rgb: overlay(shrunk(picture, size), enlargeMap(wordMap.map, grid, size, wordMap.highest), opacity) };
}

/** Arms of the cross that marks the peak, as a part of the side; a white core in a black edge, to be seen on any colour. */
const ARM = 1 / 28;
const EDGE = 1 / 224;

/** The same with a cross on the peak of the map, where there is one. */
export function markedMapPixels(drawing: MapDrawing, size: number): Raster {
  const raster = mapPixels(drawing, size);
  if (isBare(drawing)) return raster;
  const edge = Math.max(1, Math.round(size * EDGE));
  const arm = Math.max(2, Math.round(size * ARM));
  const { peak } = drawing.wordMap;
  const center = { x: Math.floor(peak.x * size), y: Math.floor(peak.y * size) };
  fillCross(raster, center, arm + edge, 2 * edge, 0);
  fillCross(raster, center, arm, edge, 255);
  return raster;
}

/** A cross of bars that reach `arm` pixels from its centre and are 2 `half` - 1 wide. */
function fillCross(
  { size, rgb }: Raster,
  { x, y }: { readonly x: number; readonly y: number },
  arm: number,
  half: number,
  value: number,
): void {
  for (let dy = -arm; dy <= arm; dy++) {
    for (let dx = -arm; dx <= arm; dx++) {
      const [u, v] = [x + dx, y + dy];
      const isCross = Math.abs(dx) < half || Math.abs(dy) < half;
      if (!isCross || u < 0 || v < 0 || u >= size || v >= size) continue;
      rgb.fill(value, (v * size + u) * 3, (v * size + u + 1) * 3);
    }
  }
}
