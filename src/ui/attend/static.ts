import { hasLayers } from '../../model/attention/maps.js';
import { wrap } from '../layout.js';
import { painter } from '../palette.js';
import { tileText, tilingOf } from '../picture/tiles.js';
import type { Terminal } from '../terminal.js';
import type { DrawMap, MapLook } from './draw.js';
import { gridTiles } from './grid.js';
import type { AttendSource } from './source.js';
import { tableLines } from './table.js';

/**
 * The view for where no keys can be read, as text to print: the maps of all words, or of one, and a table of them.
 * @param only shows this word alone
 * @param drawerOf what draws the maps of a source; without it there is the table alone
 */
export function staticText(
  source: AttendSource,
  look: MapLook,
  only: number | undefined,
  { columns, rows, colors }: Pick<Terminal, 'columns' | 'rows' | 'colors'>,
  drawerOf: ((source: AttendSource) => DrawMap) | undefined,
): string {
  const shown: AttendSource =
    only === undefined
      ? source
      : { ...source, words: [source.words[only]!], mapOf: (_, choice) => source.mapOf(only, choice) };
  let text = '';
  if (drawerOf) {
    const space = { columns, rows: Math.max(3, rows - 2), colors, draw: drawerOf(shown) };
    const { perPage } = tilingOf(shown.words.length, space.columns, space.rows);
    for (let first = 0; first < shown.words.length; first += Math.max(1, perPage)) {
      text += tileText(gridTiles(shown, look, first, space, null));
    }
    text += '\n';
  }
  const where = hasLayers(look) ? [`layer ${look.layer}`, `head ${look.head}`] : [];
  const facts = [look.method, ...where, source.model].join(' · ');
  const paint = painter(colors);
  const end = [...tableLines(shown, look, colors), ...wrap(facts, columns).map((line) => paint.dim(line))];
  return `${text}${end.join('\n')}\n`;
}
