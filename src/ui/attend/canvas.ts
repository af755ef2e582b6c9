import { enlargeMap, overlay } from '../heat.js';
import { painter } from '../palette.js';
import { type Raster, shrink } from '../picture.js';
import type { Colors } from '../terminal.js';
import type { WordMap } from './source.js';
import { PEAK, SHADES } from './theme.js';

/** A picture and the map of one word over it. */
export interface MapDrawing {
  readonly picture: Raster;
  readonly grid: number;
  readonly wordMap: WordMap;
  readonly opacity: number;
  readonly colors: Colors;
}

/**
 * The drawing as `columns` / 2 lines of `columns` cells; `columns` is even. With 256 colours and more, each cell is two
 * pixels; with fewer, the map is drawn as the density of a character (or, at opacity 0, the picture is). The peak is
 * marked.
 */
export function mapLines(drawing: MapDrawing, columns: number): string[] {
  return drawing.colors === 'none' || drawing.colors === '16'
    ? densityLines(drawing, columns)
    : halfBlockLines(drawing, columns);
}

const shrunk = new WeakMap<Raster, Map<number, Raster>>();

/** Keys redraw the same picture at the same size: it is shrunk once. */
function pictureAt(picture: Raster, size: number): Raster {
  const sizes = shrunk.get(picture) ?? new Map<number, Raster>();
  shrunk.set(picture, sizes);
  const known = sizes.get(size) ?? { size, rgb: shrink(picture, size, size) };
  sizes.set(size, known);
  return known;
}

const RESET = '\u001b[0m';

function halfBlockLines({ picture, grid, wordMap, opacity, colors }: MapDrawing, columns: number): string[] {
  const pixels = overlay(pictureAt(picture, columns), enlargeMap(wordMap.map, grid, columns), opacity);
  const cell = colors === 'any' ? exactCell : paintedCell(colors);
  const peak = peakCell(wordMap, columns);
  return Array.from({ length: columns / 2 }, (_, row) => {
    let line = '';
    for (let x = 0; x < columns; x++) {
      const upper = (2 * row * columns + x) * 3;
      const isPeak = opacity > 0 && x === peak.column && row === peak.row;
      line += isPeak ? mark(pixels, upper, colors) : cell(pixels, upper, upper + columns * 3);
    }
    return line + RESET;
  });
}

/** A cell of two pixels, given where each begins. */
type Cell = (pixels: Uint8Array, upper: number, lower: number) => string;

/** In its exact colours. There are thousands of cells for each key: no library is asked, and no colour is closed. */
const exactCell: Cell = (p, upper, lower) =>
  `\u001b[38;2;${p[upper]};${p[upper + 1]};${p[upper + 2]};48;2;${p[lower]};${p[lower + 1]};${p[lower + 2]}m▀`;

function paintedCell(colors: Colors): Cell {
  const paint = painter(colors);
  return (p, upper, lower) =>
    paint.rgb(p[upper]!, p[upper + 1]!, p[upper + 2]!).bgRgb(p[lower]!, p[lower + 1]!, p[lower + 2]!)('▀');
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
