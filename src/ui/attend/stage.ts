import { truncate } from '../layout.js';
import { painter } from '../palette.js';
import type { Painting } from '../screen.js';
import type { Colors } from '../terminal.js';
import { mapLines } from './canvas.js';
import { gridTiles, labelLines, type Tile } from './grid.js';
import { KEY_HELP } from './keys.js';
import type { AttendLayout } from './layout.js';
import { panelLines } from './panel.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';

/** All of the screen but the caption and the keys: text, and the pictures in the room that it leaves. */
export interface Stage {
  readonly lines: readonly string[];
  readonly paintings: readonly Painting[];
}

const GAP = 2;
/** From here on there is room for all words' maps below the facts. */
const OVERVIEW_COLUMNS = 40;
const OVERVIEW_ROWS = 12;

/** One map and its facts, or all maps, or the help. */
export function stageOf(source: AttendSource, state: AttendState, layout: AttendLayout, colors: Colors): Stage {
  const { columns, stageRows } = layout;
  if (state.isHelp) return { lines: helpLines(columns, stageRows, colors), paintings: [] };
  if (state.isGrid) {
    const tiles = gridTiles(source, state, state.word, { columns, rows: stageRows, colors });
    return { lines: labelLines(tiles), paintings: paintingsOf(tiles, 0, 0) };
  }
  return mapStage(source, state, layout, colors);
}

function mapStage(source: AttendSource, state: AttendState, layout: AttendLayout, colors: Colors): Stage {
  const { pictureRows, arrangement, panelColumns, panelRows } = layout;
  const wordMap = source.mapOf(state.word, state);
  const panel = panelLines(source, state, wordMap, { columns: panelColumns, rows: panelRows, colors });
  if (pictureRows === 0) return { lines: panel, paintings: [] };
  const { picture, grid } = source;
  const { opacity } = state;
  const map = mapLines({ picture, grid, wordMap, opacity, colors }, 2 * pictureRows);
  const paintings: Painting[] = [{ row: 0, column: 0, lines: map }];
  if (arrangement === 'below') return { lines: [...map.map(() => ''), ...panel], paintings };

  const column = 2 * pictureRows + GAP;
  const overview = { columns: panelColumns, rows: panelRows - panel.length - 1, colors };
  if (overview.columns >= OVERVIEW_COLUMNS && overview.rows >= OVERVIEW_ROWS && source.words.length > 1) {
    const tiles = gridTiles(source, state, state.word, overview);
    paintings.push(...paintingsOf(tiles, panel.length + 1, column));
    panel.push('', ...labelLines(tiles));
  }
  return { lines: panel.map((line) => ' '.repeat(column) + line), paintings };
}

function paintingsOf(tiles: readonly Tile[], top: number, left: number): Painting[] {
  return tiles.map(({ row, column, lines }) => ({ row: top + row + 1, column: left + column, lines }));
}

function helpLines(columns: number, rows: number, colors: Colors): string[] {
  const paint = painter(colors);
  const widest = Math.max(...KEY_HELP.map(([keys]) => keys.length)) + 2;
  return KEY_HELP.map(
    ([keys, does]) =>
      `${paint.bold(truncate(keys.padEnd(widest), columns))}${truncate(does, Math.max(0, columns - widest))}`,
  ).slice(0, rows);
}
