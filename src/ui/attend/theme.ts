import { heatColor } from '../heat.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';

/** Marks the highest patch. ASCII: its width is the same on every terminal. */
export const PEAK = '+';

/** Where colours do not tell, from low to high. */
export const SHADES = '.░▒▓█';

/** The current word is in brackets: a shape, for those who see no colours. */
export const CURRENT = ['[', ']'] as const;

/** The scale of the map, `width` cells from low to high. */
export function heatScale(width: number, colors: Colors): string {
  const paint = painter(colors);
  return Array.from({ length: width }, (_, i) => {
    const at = (i + 0.5) / width;
    if (colors === 'none' || colors === '16') return SHADES[Math.floor(at * SHADES.length)]!;
    return paint.bgRgb(...heatColor(at))(' ');
  }).join('');
}
