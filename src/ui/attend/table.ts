import type { MapChoice } from '../../model/attention/index.js';
import { percent } from '../caption-view.js';
import { padEnd, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import type { AttendSource } from './source.js';

const LONGEST_WORD = 20;

/** A row a word: its probability, and where it looks, in figures. The first line names the columns. */
export function tableLines(source: AttendSource, selection: MapChoice, colors: Colors): string[] {
  const width = Math.min(LONGEST_WORD, Math.max(4, ...source.words.map(({ text }) => widthOf(text))));
  return [
    painter(colors).dim(`${padEnd('word', width)}    %  peak x     y  entropy`),
    ...source.words.map(({ text, probability }, word) => {
      const { peak, entropy, isFlat } = source.mapOf(word, selection);
      const place = isFlat ? ['flat', ''] : [peak.x.toFixed(2), peak.y.toFixed(2)];
      const figures = [percent(probability).padStart(4), place[0]!.padStart(7), place[1]!.padStart(5)];
      return `${padEnd(truncate(text, width), width)} ${figures.join(' ')} ${entropy.toFixed(2).padStart(8)}`;
    }),
  ];
}
