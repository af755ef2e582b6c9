import type { Rectangle } from '../../model/attention/faithfulness.js';
import { meaningLines, truncate } from '../layout.js';
import { painter } from '../palette.js';
import { labelLines, type Tile } from '../picture/tiles.js';
import type { Colors } from '../terminal.js';
import type { Painting } from '../view/screen.js';
import type { DrawMap, DrawRegion } from './draw.js';
import { gridTiles } from './grid.js';
import { KEY_HELP } from './keys.js';
import type { AttendLayout } from './layout.js';
import { owedLines } from './owed.js';
import { panelLines } from './panel.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';
import { tableLines } from './table.js';
import { CURRENT } from './theme.js';

/** All of the screen but the caption and the keys: text, and the pictures in the room that it leaves. */
export interface Stage {
  readonly lines: readonly string[];
  /** Where the lines begin. */
  readonly column: number;
  readonly paintings: readonly Painting[];
}

const GAP = 2;
/** From here on there is room for all words' maps below the facts. */
const OVERVIEW_COLUMNS = 40;
const OVERVIEW_ROWS = 12;

/**
 * One map and its facts, or all maps, or what the word owes to others, or the help.
 * @param draw without it, figures take the place of pictures
 * @param drawRegion the same of a rectangle that is about to be erased
 */
export function stageOf(
  source: AttendSource,
  state: AttendState,
  layout: AttendLayout,
  colors: Colors,
  draw: DrawMap | undefined,
  drawRegion?: DrawRegion,
): Stage {
  const { columns, stageRows } = layout;
  if (state.isHelp) {
    const lines = meaningLines(KEY_HELP, columns, painter(colors).bold).slice(0, stageRows);
    return { column: 0, lines, paintings: [] };
  }
  if (state.region) return regionStage(source, state.region, layout, colors, drawRegion);
  if (state.isText)
    return { column: 0, lines: owedLines(source, state.word, columns, stageRows, colors), paintings: [] };
  if (!state.isGrid) return mapStage(source, state, layout, colors, draw);
  if (!draw) return { column: 0, lines: tablePage(source, state, columns, stageRows, colors), paintings: [] };
  const tiles = gridTiles(source, state, state.word, { columns, rows: stageRows, colors, draw });
  return { column: 0, lines: labelLines(tiles), paintings: paintingsOf(tiles, 0, 0) };
}

/** The picture without a rectangle that is about to be erased, and where that lies. */
function regionStage(
  { grid }: AttendSource,
  { x, y, width, height }: Rectangle,
  { pictureRows, arrangement, panelColumns, panelRows }: AttendLayout,
  colors: Colors,
  draw: DrawRegion | undefined,
): Stage {
  const facts = [
    painter(colors).bold('erase a region?'),
    `${width} x ${height} of ${grid} x ${grid} cells`,
    `${x} from the left, ${y} from the top`,
  ]
    .map((line) => truncate(line, panelColumns))
    .slice(0, panelRows);
  if (pictureRows === 0 || !draw) return { column: 0, lines: facts, paintings: [] };
  const paintings = [{ row: 0, column: 0, drawing: draw({ x, y, width, height }, pictureRows) }];
  if (arrangement === 'beside') return { column: 2 * pictureRows + GAP, lines: facts, paintings };
  return { column: 0, lines: [...Array(pictureRows).fill(''), ...facts], paintings };
}

function mapStage(
  source: AttendSource,
  state: AttendState,
  layout: AttendLayout,
  colors: Colors,
  draw: DrawMap | undefined,
): Stage {
  const { pictureRows, arrangement, panelColumns, panelRows } = layout;
  const space = { columns: panelColumns, rows: panelRows, colors, hasPicture: draw !== undefined };
  const panel = panelLines(source, state, source.mapOf(state.word, state), space);
  if (pictureRows === 0 || !draw) return { column: 0, lines: panel, paintings: [] };
  const paintings: Painting[] = [{ row: 0, column: 0, drawing: draw(state.word, state, pictureRows, 1) }];
  if (arrangement === 'below') return { column: 0, lines: [...Array(pictureRows).fill(''), ...panel], paintings };

  const column = 2 * pictureRows + GAP;
  const overview = { columns: panelColumns, rows: panelRows - panel.length - 1, colors, draw };
  if (overview.columns >= OVERVIEW_COLUMNS && overview.rows >= OVERVIEW_ROWS && source.words.length > 1) {
    const tiles = gridTiles(source, state, state.word, overview);
    paintings.push(...paintingsOf(tiles, panel.length + 1, column));
    panel.push('', ...labelLines(tiles));
  }
  return { column, lines: panel, paintings };
}

function paintingsOf(tiles: readonly Tile[], top: number, left: number): Painting[] {
  return tiles.map(({ row, column, drawing }) => ({ row: top + row + 1, column: left + column, drawing }));
}

/** The rows of the table around the current word, which is in brackets. */
function tablePage(source: AttendSource, state: AttendState, columns: number, rows: number, colors: Colors): string[] {
  const [head, ...words] = tableLines(source, state, colors);
  const count = Math.max(1, rows - 1);
  const first = Math.max(0, Math.min(state.word - Math.floor(count / 2), words.length - count));
  const [open, close] = CURRENT;
  return [head!, ...words.slice(first, first + count)]
    .map((line, i) => {
      const isCurrent = i > 0 && first + i - 1 === state.word;
      return isCurrent ? painter(colors).bold(`${open}${line}${close}`) : ` ${line}`;
    })
    .map((line) => truncate(line, columns))
    .slice(0, rows);
}
