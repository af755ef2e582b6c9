import type { Cells } from './row.js';
import type { TimedFrame } from './svg.js';

/**
 * Frames as an asciinema recording (asciicast v2: a header, then an event a line; docs.asciinema.org/manual/asciicast/v2). An event
 * draws the rows that changed.
 */
export function castOf(frames: readonly TimedFrame[], title: string): string {
  const { columns, rows } = frames[0]!.screen;
  const header = { version: 2, width: columns, height: rows, title, env: { TERM: 'xterm-256color' } };
  let shown: string[] = [];
  const events = frames.flatMap(({ at, screen }) => {
    const drawn = Array.from({ length: rows }, (_, row) => rowText(screen, row));
    const changed = drawn.flatMap((text, row) =>
      text === shown[row] ? [] : [`\u001b[${row + 1};1H${text}\u001b[0m\u001b[K`],
    );
    const begin = shown.length === 0 ? '\u001b[2J\u001b[?25l' : '';
    shown = drawn;
    return changed.length === 0 ? [] : [JSON.stringify([at, 'o', begin + changed.join('')])];
  });
  return `${[JSON.stringify(header), ...events].join('\n')}\n`;
}

function rowText(screen: Cells, row: number): string {
  let text = '';
  let style = '';
  for (let column = 0; column < screen.columns; column++) {
    const cell = screen.cell(row, column);
    if (cell.style !== style)
      text += `\u001b[0${cell.style.trim() === '' ? '' : `;${cell.style.trim().replaceAll(' ', ';')}`}m`;
    style = cell.style;
    text += cell.text;
  }
  return text.trimEnd();
}
