import type { Rectangle } from '../../model/attention/faithfulness.js';
import type { MapChoice } from '../../model/attention/index.js';
import { Lru } from '../../model/base/lru.js';
import type { CellSize } from '../picture/cell-size.js';
import type { Drawing } from '../picture/drawing.js';
import { encoder, MOST_PIXELS, plain } from '../picture/encode.js';
import type { PictureKind } from '../picture/raster.js';
import type { Colors } from '../terminal.js';
import { mapDrawable } from './canvas.js';
import { framed } from './region.js';
import type { AttendSource } from './source.js';

/** Which maps, and how opaque over the picture. */
export type MapLook = MapChoice & { readonly opacity: number };

/**
 * Draws the map of a word over the picture, `rows` rows high and twice as many columns wide.
 * @param together how many are drawn for one frame: they share the pixels that a key press has time for
 */
export type DrawMap = (word: number, look: MapLook, rows: number, together: number) => Drawing;

/** Draws the picture with a rectangle of it erased, in a frame, as large as `DrawMap`. */
export type DrawRegion = (region: Rectangle, rows: number) => Drawing;

/** The drawings of a large grid and of what was before: going back, and maps that a key did not change, cost nothing. */
const REMEMBERED = 160;

/** @param cell as for `encoder` */
export function regionDrawer(
  { picture, grid }: AttendSource,
  kind: Exclude<PictureKind, 'none'>,
  colors: Colors,
  cell: CellSize | undefined,
): DrawRegion {
  const encode = encoder(kind, colors, cell);
  return (region, rows) => encode(plain(framed(picture, grid, region)), rows, MOST_PIXELS);
}

/** @param cell as for `encoder` */
export function mapDrawer(
  { picture, grid, mapOf }: AttendSource,
  kind: Exclude<PictureKind, 'none'>,
  colors: Colors,
  cell: CellSize | undefined,
): DrawMap {
  const known = new Lru<string, Drawing>();
  const encode = encoder(kind, colors, cell);
  return (word, { method, layer, head, opacity }, rows, together) => {
    const key = [word, method, layer, head, opacity, rows, together].join(' ');
    const wordMap = mapOf(word, { method, layer, head });
    const drawing =
      known.get(key) ?? encode(mapDrawable({ picture, grid, wordMap, opacity }), rows, MOST_PIXELS / together);
    known.set(key, drawing);
    known.trim(REMEMBERED);
    return drawing;
  };
}
