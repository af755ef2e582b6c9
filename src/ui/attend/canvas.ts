import type { MeasuredMap } from '../../model/attention/index.js';
import { painter } from '../palette.js';
import { blockCells, densityLines, isCoarse, pictureLines, RESET, SHADES } from '../picture/blocks.js';
import type { Drawable } from '../picture/encode.js';
import { enlargeMap } from '../picture/heat.js';
import type { Colors } from '../terminal.js';
import { isBare, type MapDrawing, mapPixels, markedMapPixels } from './overlay.js';
import { PEAK } from './theme.js';

/** A map over its picture, to be drawn on a terminal. */
export const mapDrawable = (drawing: MapDrawing): Drawable => ({
  pixels: (size) => markedMapPixels(drawing, size),
  cells: (columns, colors) => mapLines(drawing, columns, colors),
});

/**
 * The drawing as `columns` / 2 lines of `columns` cells, as a picture is drawn in cells; with few colours the density is
 * the map's. The peak is marked.
 */
export function mapLines(drawing: MapDrawing, columns: number, colors: Colors): string[] {
  if (isBare(drawing)) return pictureLines(drawing.picture, columns, colors);
  return isCoarse(colors) ? heatLines(drawing, columns) : overlaidLines(drawing, columns, colors);
}

function overlaidLines(drawing: MapDrawing, columns: number, colors: Colors): string[] {
  const { rgb } = mapPixels(drawing, columns);
  const peak = peakCell(drawing.wordMap, columns);
  const cells = blockCells(rgb, columns, colors);
  return Array.from({ length: columns / 2 }, (_, row) => {
    const upper = 2 * row * columns;
    if (row !== peak.row) return cells(upper, columns) + RESET;
    const at = upper + peak.column;
    const after = cells(at + 1, columns - peak.column - 1);
    return cells(upper, peak.column) + RESET + mark(rgb, at * 3, colors) + after + RESET;
  });
}

/** The mark of the peak, on the colour of its place. */
function mark(pixels: Uint8Array, at: number, colors: Colors): string {
  const [r, g, b] = pixels.subarray(at, at + 3) as unknown as [number, number, number];
  const paint = painter(colors).bgRgb(r, g, b).bold;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 115 ? paint.rgb(255, 255, 255)(PEAK) : paint.rgb(0, 0, 0)(PEAK);
}

function peakCell({ peak }: MeasuredMap, columns: number): { readonly column: number; readonly row: number } {
  return { column: Math.floor(peak.x * columns), row: Math.floor((peak.y * columns) / 2) };
}

function heatLines({ grid, wordMap }: MapDrawing, columns: number): string[] {
  const heat = enlargeMap(wordMap.map, grid, columns, wordMap.highest);
  const peak = peakCell(wordMap, columns);
  return densityLines(columns, SHADES, (x, row) => {
    if (x === peak.column && row === peak.row) return PEAK;
    return (heat[2 * row * columns + x]! + heat[(2 * row + 1) * columns + x]!) / 2;
  });
}
