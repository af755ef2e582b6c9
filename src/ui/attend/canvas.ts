import { enlargeMap } from '../heat.js';
import { painter } from '../palette.js';
import { type Raster, shrink } from '../picture.js';
import type { Colors } from '../terminal.js';
import { type MapDrawing, mapPixels } from './overlay.js';
import type { WordMap } from './source.js';
import { PEAK, SHADES } from './theme.js';

/**
 * The drawing as `columns` / 2 lines of `columns` cells; `columns` is even. With 256 colours and more, each cell is two
 * pixels; with fewer, the map is drawn as the density of a character (or, at opacity 0, the picture is). The peak is
 * marked.
 */
export function mapLines(drawing: MapDrawing, columns: number, colors: Colors): string[] {
  return colors === 'none' || colors === '16'
    ? densityLines(drawing, columns)
    : halfBlockLines(drawing, columns, colors);
}

const RESET = '\u001b[0m';

function halfBlockLines(drawing: MapDrawing, columns: number, colors: Colors): string[] {
  const { wordMap, opacity } = drawing;
  const { rgb } = mapPixels(drawing, columns);
  const peak = peakCell(wordMap, columns);
  const cells = colors === 'any' ? exactCells : paintedCells(colors);
  return Array.from({ length: columns / 2 }, (_, row) => {
    const upper = 2 * row * columns;
    if (opacity === 0 || row !== peak.row) return cells(rgb, upper, columns, columns) + RESET;
    const at = upper + peak.column;
    const after = cells(rgb, at + 1, columns - peak.column - 1, columns);
    return cells(rgb, upper, peak.column, columns) + RESET + mark(rgb, at * 3, colors) + after + RESET;
  });
}

/** `count` cells of two pixels each, the first of which are `from` and, a row below, `from` + `stride`. */
type Cells = (rgb: Uint8Array, from: number, count: number, stride: number) => string;

/**
 * In their exact colours. There are thousands for each key, so no library is asked, and colours are closed at the end
 * and written only where they change.
 */
const exactCells: Cells = (rgb, from, count, stride) => {
  let text = '';
  let [foreground, background] = [-1, -1];
  for (let pixel = from; pixel < from + count; pixel++) {
    const [upper, lower] = [pixel * 3, (pixel + stride) * 3];
    const above = (rgb[upper]! << 16) | (rgb[upper + 1]! << 8) | rgb[upper + 2]!;
    const below = (rgb[lower]! << 16) | (rgb[lower + 1]! << 8) | rgb[lower + 2]!;
    if (above !== foreground) text += `\u001b[38;2;${rgb[upper]};${rgb[upper + 1]};${rgb[upper + 2]}m`;
    if (below !== background) text += `\u001b[48;2;${rgb[lower]};${rgb[lower + 1]};${rgb[lower + 2]}m`;
    [foreground, background] = [above, below];
    text += '▀';
  }
  return text;
};

function paintedCells(colors: Colors): Cells {
  const paint = painter(colors);
  return (rgb, from, count, stride) => {
    let text = '';
    for (let pixel = from; pixel < from + count; pixel++) {
      const [upper, lower] = [pixel * 3, (pixel + stride) * 3];
      const above = paint.rgb(rgb[upper]!, rgb[upper + 1]!, rgb[upper + 2]!);
      text += above.bgRgb(rgb[lower]!, rgb[lower + 1]!, rgb[lower + 2]!)('▀');
    }
    return text;
  };
}

/** The mark of the peak, on the colour of its place. */
function mark(pixels: Uint8Array, at: number, colors: Colors): string {
  const [r, g, b] = pixels.subarray(at, at + 3) as unknown as [number, number, number];
  const paint = painter(colors).bgRgb(r, g, b).bold;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 115 ? paint.rgb(255, 255, 255)(PEAK) : paint.rgb(0, 0, 0)(PEAK);
}

function peakCell({ peak }: WordMap, columns: number): { readonly column: number; readonly row: number } {
  return { column: Math.floor(peak.x * columns), row: Math.floor((peak.y * columns) / 2) };
}

function densityLines({ picture, grid, wordMap, opacity }: MapDrawing, columns: number): string[] {
  const rows = columns / 2;
  const density = opacity > 0 ? heatDensity(wordMap, grid, columns) : brightness(picture, columns);
  const peak = peakCell(wordMap, columns);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, x) => {
      if (opacity > 0 && x === peak.column && row === peak.row) return PEAK;
      return SHADES[Math.min(SHADES.length - 1, Math.floor(density(x, row) * SHADES.length))]!;
    }).join(''),
  );
}

type Density = (x: number, row: number) => number;

function heatDensity({ map }: WordMap, grid: number, columns: number): Density {
  const heat = enlargeMap(map, grid, columns);
  return (x, row) => (heat[2 * row * columns + x]! + heat[(2 * row + 1) * columns + x]!) / 2;
}

function brightness(picture: Raster, columns: number): Density {
  const pixels = shrink(picture, columns, columns / 2);
  return (x, row) => {
    const at = (row * columns + x) * 3;
    return (0.2126 * pixels[at]! + 0.7152 * pixels[at + 1]! + 0.0722 * pixels[at + 2]!) / 256;
  };
}
