import chalk, { type ColorSupportLevel } from 'chalk';
import terminalImage from 'terminal-image';
import type { Colors } from '../terminal.js';
import { png } from './png.js';
import { type Raster, shrunk } from './raster.js';

const LEVELS: Readonly<Record<Colors, ColorSupportLevel>> = { none: 0, '16': 1, '256': 2, any: 3 };

/**
 * A picture in half blocks, two pixels a cell, by terminal-image: `columns` / 2 lines without an end after the last.
 * docs/architecture.md says why only these are drawn by it.
 */
export function colorBlocks(raster: Raster, columns: number, colors: Colors): Promise<string> {
  // It paints with chalk's own instance, which would look at the process's stdout and environment by itself.
  chalk.level = LEVELS[colors];
  // Shrunk before, as views shrink pictures: its own resampling gives other colours.
  return terminalImage.buffer(png(shrunk(raster, columns)), {
    width: columns,
    height: columns / 2,
    preserveAspectRatio: false,
    preferNativeRender: false,
  });
}
