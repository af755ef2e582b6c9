import type { ShadedWord } from '../caption-view.js';
import { percent } from '../caption-view.js';
import { padEnd, truncate, widthOf } from '../layout.js';
import { doubted, painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import { CURRENT } from './theme.js';

/** Lines that one row of words takes: without colours, their probabilities stand below them. */
export function linesPerRow(colors: Colors): number {
  return colors === 'none' ? 2 : 1;
}

/**
 * The words of a caption as indices, row by row, in at most `columns` columns. A word's cell has a column on each side,
 * for the brackets of the current one, so that nothing moves when another becomes current.
 */
export function wordRows(
  words: readonly ShadedWord[],
  columns: number,
  colors: Colors,
): readonly (readonly number[])[] {
  const rows: number[][] = [];
  let used = 0;
  for (const [i, word] of words.entries()) {
    const width = cellWidth(word, columns, colors);
    const row = rows.at(-1);
    if (row && used + width <= columns) {
      row.push(i);
      used += width;
    } else {
      rows.push([i]);
      used = width;
    }
  }
  return rows;
}

/** The caption: words that the model doubted marked, the current one in brackets; only the rows around it when there are many. */
export function captionLines(
  words: readonly ShadedWord[],
  current: number,
  columns: number,
  maxLines: number,
  colors: Colors,
): string[] {
  const rows = wordRows(words, columns, colors);
  const perRow = Math.min(linesPerRow(colors), Math.max(1, maxLines));
  const count = Math.max(1, Math.floor(maxLines / perRow));
  const at = rows.findIndex((row) => row.includes(current));
  const first = Math.max(0, Math.min(at - Math.floor(count / 2), rows.length - count));
  return rows.slice(first, first + count).flatMap((row) => {
    const cells = row.map((i) => wordCell(words[i]!, i === current, columns, colors));
    if (perRow === 1) return [cells.join('')];
    const numbers = row.map((i) => padEnd(` ${percent(words[i]!.probability)}`, cellWidth(words[i]!, columns, colors)));
    return [cells.join(''), truncate(numbers.join('').trimEnd(), columns)];
  });
}

/** Wide enough for the number below it, too, where there is one. */
function cellWidth({ text, probability }: ShadedWord, columns: number, colors: Colors): number {
  const number = colors === 'none' ? percent(probability).length : 0;
  return Math.min(columns, Math.max(widthOf(text), number) + 2);
}

function wordCell(word: ShadedWord, isCurrent: boolean, columns: number, colors: Colors): string {
  const width = cellWidth(word, columns, colors);
  if (width < 3) return padEnd(truncate(word.text, width), width);
  const text = padEnd(truncate(word.text, width - 2), width - 2);
  const [open, close] = isCurrent ? CURRENT : [' ', ' '];
  const paint = painter(colors);
  const marked = colors === 'none' ? text : doubted(text, word.probability, colors);
  return `${paint.bold(open)}${isCurrent ? paint.bold(marked) : marked}${paint.bold(close)}`;
}
