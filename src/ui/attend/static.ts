import { padEnd, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Terminal } from '../terminal.js';
import { gridTiles, tileLines, tilingOf } from './grid.js';
import type { AttendSource, MapSelection } from './source.js';
import { percent } from './words.js';

const LONGEST_WORD = 20;

/**
 * The view for where no keys can be read: the maps of all words, or of one, and a table of them.
 * @param only shows this word alone
 */
export function staticLines(
  source: AttendSource,
  selection: MapSelection & { readonly opacity: number },
  only: number | undefined,
  { columns, rows, colors }: Pick<Terminal, 'columns' | 'rows' | 'colors'>,
): string[] {
  const paint = painter(colors);
  const shown: AttendSource =
    only === undefined
      ? source
      : { ...source, words: [source.words[only]!], mapOf: (_, choice) => source.mapOf(only, choice) };
  const space = { columns, rows: Math.max(3, rows - 2), colors };
  const { perPage } = tilingOf(shown.words.length, space.columns, space.rows);
  const lines: string[] = [];
  for (let first = 0; first < shown.words.length; first += Math.max(1, perPage)) {
    lines.push(...tileLines(gridTiles(shown, selection, first, space, null)));
  }
  const width = Math.min(LONGEST_WORD, Math.max(4, ...shown.words.map(({ text }) => widthOf(text))));
  return [
    ...lines,
    '',
    paint.dim(`${padEnd('word', width)}    %  peak x     y  entropy`),
    ...shown.words.map(({ text, probability }, word) => {
      const { peak, entropy } = shown.mapOf(word, selection);
      const figures = [percent(probability).padStart(4), peak.x.toFixed(2).padStart(7), peak.y.toFixed(2).padStart(5)];
      return `${padEnd(truncate(text, width), width)} ${figures.join(' ')} ${entropy.toFixed(2).padStart(8)}`;
    }),
    paint.dim(`${selection.method} · layer ${selection.layer} · head ${selection.head} · ${source.model}`),
  ];
}
