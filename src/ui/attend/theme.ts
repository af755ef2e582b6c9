import { blockCells, isCoarse, RESET, SHADES } from '../picture/blocks.js';
import { heatColor } from '../picture/heat.js';
import type { Colors } from '../terminal.js';

/** Marks the highest patch. ASCII: its width is the same on every terminal. */
export const PEAK = '+';

/** In place of a peak, where the map is so even that none stands out. */
export const FLAT = 'none: flat map';

/** The current word is in brackets: a shape, for those who see no colours. */
export const CURRENT = ['[', ']'] as const;

/** The scale of the map, `width` cells from low to high, drawn as the map is. */
export function heatScale(width: number, colors: Colors): string {
  const places = Array.from({ length: width }, (_, i) => (i + 0.5) / width);
  if (isCoarse(colors)) return places.map((at) => SHADES[Math.floor(at * SHADES.length)]!).join('');
  const row = places.flatMap((at) => heatColor(at));
  // Of both pixels of a cell the lower one, its ground.
  return blockCells(Uint8Array.from([...row, ...row]), width, colors)(0, width).replaceAll('▀', ' ') + RESET;
}
