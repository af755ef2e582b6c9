import { bar, padEnd, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import type { AttendSource } from './source.js';

const LONGEST_WORD = 20;
const FIGURE = 7;
const LONGEST_BAR = 40;

/** A bar for each word before one: how far its log-probability falls without that. The scale of the bars is in the last line. */
export function owedLines(source: AttendSource, word: number, columns: number, rows: number, colors: Colors): string[] {
  const paint = painter(colors);
  const { text } = source.words[word]!;
  const falls = source.owedBy(word);
  const head = paint.bold(truncate(`what "${text}" owes to the words before it`, columns));
  if (falls.length === 0) return [head, 'it is the first'].slice(0, rows);
  const width = Math.min(LONGEST_WORD, Math.max(...source.words.slice(0, word).map((one) => widthOf(one.text))));
  const room = Math.max(1, Math.min(LONGEST_BAR, columns - width - FIGURE - 2));
  const most = Math.max(...falls, 1);
  const lines = falls.map((fall, i) => {
    const name = padEnd(truncate(source.words[i]!.text, width), width);
    return truncate(`${name} ${fall.toFixed(2).padStart(FIGURE)} ${bar(Math.max(0, fall) / most, room)}`, columns);
  });
  // Where they are too many, those that matter most, in their order.
  const count = Math.max(1, rows - 4);
  const shown = [...falls.keys()].sort((a, b) => falls[b]! - falls[a]!).slice(0, count);
  const kept = lines.filter((_, i) => shown.includes(i));
  const legend = `fall of log p in nats with another word in its place; a whole bar is ${most.toFixed(2)}`;
  return [head, '', ...kept, '', paint.dim(truncate(legend, columns))].slice(0, rows);
}
