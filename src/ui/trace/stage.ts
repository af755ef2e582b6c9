import { Lru } from '../../model/base/lru.js';
import { mapDrawable } from '../attend/canvas.js';
import type { AttendLayout } from '../attend/layout.js';
import { meaningLines, padEnd } from '../layout.js';
import { painter } from '../palette.js';
import type { CellSize } from '../picture/cell-size.js';
import type { Drawing } from '../picture/drawing.js';
import { encoder, MOST_PIXELS } from '../picture/encode.js';
import { OPACITY } from '../picture/heat.js';
import type { PictureKind } from '../picture/raster.js';
import type { Colors } from '../terminal.js';
import type { Painting } from '../view/screen.js';
import { KEY_HELP } from './keys.js';
import { panelLines, rowTable, tokenTable } from './lines.js';
import type { TraceSource } from './source.js';
import type { TraceState } from './state.js';

/** All of the screen but the caption and the keys. */
export interface TraceStage {
  readonly lines: readonly string[];
  /** Where the lines begin. */
  readonly column: number;
  readonly paintings: readonly Painting[];
}

/** Draws the map of a word at a site over B, `rows` rows high. */
export type DrawTrace = (word: number, site: number, rows: number) => Drawing;

const GAP = 2;
const REMEMBERED = 80;

/** @param cell as for `encoder` */
export function traceDrawer(
  { picture, grid, mapOf }: TraceSource,
  kind: Exclude<PictureKind, 'none'>,
  colors: Colors,
  cell: CellSize | undefined,
): DrawTrace {
  const known = new Lru<string, Drawing>();
  const encode = encoder(kind, colors, cell);
  return (word, site, rows) => {
    const key = [word, site, rows].join(' ');
    const drawing =
      known.get(key) ??
      encode(mapDrawable({ picture, grid, wordMap: mapOf(word, site), opacity: OPACITY }), rows, MOST_PIXELS);
    known.set(key, drawing);
    known.trim(REMEMBERED);
    return drawing;
  };
}

/**
 * Of patches the map over the picture, of what else can be put back a table, each with the layers beside or below; or the help.
 * @param draw without it, figures take the place of pictures
 */
export function stageOf(
  source: TraceSource,
  state: TraceState,
  layout: AttendLayout,
  colors: Colors,
  draw: DrawTrace | undefined,
): TraceStage {
  const { columns, stageRows, pictureRows, arrangement, panelColumns, panelRows } = layout;
  if (state.isHelp) {
    const lines = meaningLines(KEY_HELP, columns, painter(colors).bold).slice(0, stageRows);
    return { column: 0, lines, paintings: [] };
  }
  const panel = panelLines(source, state, { columns: panelColumns, rows: panelRows, colors });
  const { places } = source.sites[state.site]!;
  if (pictureRows === 0) return { column: 0, lines: panel, paintings: [] };
  const space = { columns: arrangement === 'beside' ? 2 * pictureRows : columns, rows: pictureRows, colors };
  const isMap = places === 'patches' && draw !== undefined;
  const left = isMap ? [] : places === 'rows' ? rowTable(source, state, space) : tokenTable(source, state, space);
  const paintings = isMap ? [{ row: 0, column: 0, drawing: draw(state.word, state.site, pictureRows) }] : [];
  if (arrangement === 'below') {
    const above = Array.from({ length: pictureRows }, (_, i) => left[i] ?? '');
    return { column: 0, lines: [...above, ...panel], paintings };
  }
  const column = space.columns + GAP;
  if (isMap) return { column, lines: panel, paintings };
  const height = Math.max(left.length, panel.length);
  const lines = Array.from({ length: height }, (_, i) => `${padEnd(left[i] ?? '', column)}${panel[i] ?? ''}`);
  return { column: 0, lines, paintings };
}

/** The same for where no keys can be read, as text to print. */
export function staticText(
  source: TraceSource,
  state: Pick<TraceState, 'word' | 'site'>,
  columns: number,
  colors: Colors,
): string {
  const space = { columns, rows: 1000, colors };
  const rows = source.sites.findLastIndex(({ places }) => places === 'rows');
  const lines = [...panelLines(source, state, space), '', ...rowTable(source, { ...state, site: rows }, space)];
  return `${lines.join('\n')}\n`;
}
