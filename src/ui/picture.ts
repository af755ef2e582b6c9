import { knownTerminal } from './graphics/known-terminals.js';
import { painter } from './palette.js';
import type { Terminal } from './terminal.js';

/** How a picture can be drawn. */
export type PictureKind = 'kitty' | 'iterm' | 'sixel' | 'blocks' | 'none';

/** A square picture: `size` x `size` x 3 bytes, rows from the top, RGB. */
export interface Raster {
  readonly size: number;
  readonly rgb: Uint8Array;
}

const CELL_ASPECT = 2;
/** Pixels of a cell where sixels are printed: the terminal is not asked, and a VT340's cells are the custom. */
const CELL_WIDTH_PX = 10;

/** What to draw with: as asked, or the best that the terminal is known to do. */
export function choosePictureKind(asked: PictureKind | 'auto', terminal: Terminal): PictureKind {
  const { env } = terminal;
  if (!terminal.interactive) return 'none';
  if (asked !== 'auto') return asked;
  if (env.TERM === 'dumb') return 'none';
  return knownTerminal(env)?.draws ?? 'blocks';
}

/** Columns of the largest square (two columns a row high) within the given space, at most `maxRows` rows. */
export function pictureColumns(terminal: Terminal, reservedRows: number, maxRows: number): number {
  const rows = Math.min(terminal.rows - reservedRows, maxRows, Math.floor((terminal.columns - 1) / CELL_ASPECT));
  return Math.max(0, rows) * CELL_ASPECT;
}

/**
 * A picture as text to print, its last line ended.
 * @param columns width in terminal columns; the height is half as many rows.
 */
export async function drawPicture(
  raster: Raster,
  kind: PictureKind,
  columns: number,
  colors: Terminal['colors'],
): Promise<string> {
  if (columns < 4) return '';
  const cells = { columns, rows: columns / CELL_ASPECT };
  switch (kind) {
    case 'none':
      return '';
    case 'blocks':
      return colors === 'none' ? shadedBlocks(raster, columns) : halfBlocks(raster, columns, colors);
    case 'kitty': {
      const { kittyImage, showKitty } = await import('./graphics/kitty.js');
      return `${showKitty(kittyImage(raster, cells))}\n`;
    }
    case 'iterm': {
      const { itermImage } = await import('./graphics/iterm.js');
      return `${itermImage(raster, cells)}\n`;
    }
    case 'sixel': {
      const { sixelImage } = await import('./graphics/sixel.js');
      return `${sixelImage(await enlarge(raster, columns * CELL_WIDTH_PX), 1)}\n`;
    }
  }
}

/** Means over `columns` x `rows` equal areas: columns x rows x 3. */
export function shrink(raster: Raster, columns: number, rows: number): Uint8Array {
  const { size, rgb } = raster;
  const out = new Uint8Array(columns * rows * 3);
  for (let y = 0; y < rows; y++) {
    const top = Math.floor((y * size) / rows);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * size) / rows));
    for (let x = 0; x < columns; x++) {
      const left = Math.floor((x * size) / columns);
      const right = Math.max(left + 1, Math.floor(((x + 1) * size) / columns));
      const area = (bottom - top) * (right - left);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let v = top; v < bottom; v++) {
          for (let u = left; u < right; u++) sum += rgb[(v * size + u) * 3 + channel]!;
        }
        out[(y * columns + x) * 3 + channel] = Math.round(sum / area);
      }
    }
  }
  return out;
}

/** Two pixels a character: the upper half block's colour and its background. */
function halfBlocks(raster: Raster, columns: number, colors: Terminal['colors']): string {
  const paint = painter(colors);
  const pixels = shrink(raster, columns, columns);
  const at = (x: number, y: number): [number, number, number] => {
    const start = (y * columns + x) * 3;
    return [pixels[start]!, pixels[start + 1]!, pixels[start + 2]!];
  };
  let text = '';
  for (let y = 0; y < columns; y += 2) {
    for (let x = 0; x < columns; x++) text += paint.rgb(...at(x, y)).bgRgb(...at(x, y + 1))('▀');
    text += '\n';
  }
  return text;
}

const SHADES = ' ░▒▓█';

/** Without colours: brightness as the density of a character. */
function shadedBlocks(raster: Raster, columns: number): string {
  const rows = columns / CELL_ASPECT;
  const pixels = shrink(raster, columns, rows);
  let text = '';
  for (let y = 0; y < rows; y++) {
    let line = '';
    for (let x = 0; x < columns; x++) {
      const start = (y * columns + x) * 3;
      const luma = 0.2126 * pixels[start]! + 0.7152 * pixels[start + 1]! + 0.0722 * pixels[start + 2]!;
      line += SHADES[Math.min(SHADES.length - 1, Math.floor((luma / 256) * SHADES.length))]!;
    }
    text += `${line.trimEnd()}\n`;
  }
  return text;
}

async function enlarge({ size, rgb }: Raster, side: number): Promise<Raster> {
  const { default: sharp } = await import('sharp');
  const pixels = sharp(rgb, { raw: { width: size, height: size, channels: 3 } }).resize(side, side, {
    kernel: 'cubic',
  });
  return { size: side, rgb: await pixels.raw().toBuffer() };
}
