import type { Colors } from '../terminal.js';
import { pictureLines, shadeLines } from './blocks.js';
import type { PictureKind, Raster } from './raster.js';

/** A cell where sixels are printed: the terminal is not asked, and a VT340's cells are the custom. */
const CELL = { width: 10, height: 20 };
/** Below, nothing could be made out. */
const LEAST_COLUMNS = 4;
const SHADES = ' ░▒▓█';

/**
 * A picture as text to print, its last line ended.
 * @param columns width in terminal columns, even; the height is half as many rows
 */
export async function drawPicture(raster: Raster, kind: PictureKind, columns: number, colors: Colors): Promise<string> {
  if (kind === 'none' || columns < LEAST_COLUMNS) return '';
  if (kind === 'blocks') {
    if (colors === 'none')
      return shadeLines(raster, columns, SHADES)
        .map((line) => `${line.trimEnd()}\n`)
        .join('');
    // Nearest colours alone, as terminal-image has them, would draw bands.
    if (colors === '256') return `${pictureLines(raster, columns, colors).join('\n')}\n`;
    const { colorBlocks } = await import('./terminal-image.js');
    return `${await colorBlocks(raster, columns, colors)}\n`;
  }
  const [{ encoder }, { printed }] = await Promise.all([import('./encode.js'), import('./drawing.js')]);
  const whole = kind === 'sixel' ? await enlarge(raster, columns * CELL.width) : raster;
  const encode = encoder(kind, colors, CELL);
  return `${printed(encode({ pixels: () => whole, cells: () => [] }, columns / 2, Number.POSITIVE_INFINITY))}\n`;
}

/** Smooth, as a terminal would scale it. */
async function enlarge({ size, rgb }: Raster, side: number): Promise<Raster> {
  const { default: sharp } = await import('sharp');
  const pixels = sharp(rgb, { raw: { width: size, height: size, channels: 3 } }).resize(side, side, {
    kernel: 'cubic',
  });
  return { size: side, rgb: await pixels.raw().toBuffer() };
}
