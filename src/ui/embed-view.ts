import { truncate, widthOf } from './layout.js';
import { painter } from './palette.js';
import type { Colors } from './terminal.js';
import { visible } from './text.js';

const DIGITS = 3;

/** One line of an embedding: its name, how many numbers it has, and as many of them as fit. */
export function embeddingLine(name: string, embedding: Float32Array, columns: number, colors: Colors): string {
  const count = `  ${embedding.length} numbers  `;
  const shownName = truncate(visible(name), Math.max(4, Math.floor(columns / 2) - count.length));
  const room = columns - widthOf(shownName) - count.length;
  const numbers = Array.from(embedding, (value) => value.toPrecision(DIGITS));
  let shown = '';
  for (const number of numbers) {
    if (shown.length + number.length + 2 > room) break;
    shown += ` ${number}`;
  }
  if (shown === '') return truncate(`${shownName}${count}`.trimEnd(), columns);
  return `${shownName}${painter(colors).dim(count)}${shown.slice(1)} …`;
}
