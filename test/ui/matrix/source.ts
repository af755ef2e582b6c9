import type { MatrixSource } from '../../../src/ui/matrix/source.js';

/** A table of `rows` x `columns`: cell (r, c) says word r of the column, with (r + 1) / rows, and the last row is marked. */
export function testMatrix(rows: number, words: readonly string[]): MatrixSource {
  return {
    title: words.join(' '),
    about: 'test lens · photo.png · test on cpu',
    rows: Array.from({ length: rows }, (_, row) => `cross.${row}`),
    columns: words,
    names: { row: 'layer', column: 'word' },
    marked: 'what the caption says',
    scale: ['improbable', 'certain'],
    cell: (row, column) => ({
      text: row === rows - 1 ? words[column]! : `w${row}`,
      figure: String(Math.round((100 * (row + 1)) / rows)),
      shade: (row + 1) / rows,
      isMarked: row === rows - 1,
    }),
    facts: (row, column) => [
      { label: 'after', value: words.slice(0, column).join(' ') || '<start>' },
      { label: 'layer', value: `cross.${row}` },
      { label: words[column]!, value: '12.0 %, 3rd' },
      { label: 'would say', value: '50.0 %  dog', part: 0.5 },
      { label: '', value: '25.0 %  cat', part: 0.25 },
    ],
  };
}
