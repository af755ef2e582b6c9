import { painter } from '../palette.js';
import { isCoarse, SHADES } from '../picture/blocks.js';
import { heatColor } from '../picture/heat.js';
import type { Colors } from '../terminal.js';

/** Marks the highest patch. ASCII: its width is the same on every terminal. */
export const PEAK = '+';

/** The current word is in brackets: a shape, for those who see no colours. */
export const CURRENT = ['[', ']'] as const;

/** The scale of the map, `width` cells from low to high. */
export function heatScale(width: number, colors: Colors): string {
  const paint = painter(colors);
  return Array.from({ length: width }, (_, i) => {
    const at = (i + 0.5) / width;
    if (isCoarse(colors)) return SHADES[Math.floor(at * SHADES.length)]!;
    return paint.bgRgb(...heatColor(at))(' ');
  }).join('');
}
