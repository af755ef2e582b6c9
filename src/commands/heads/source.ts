import { percentText } from '../../ui/caption-view.js';
import type { CellFact, MatrixSource } from '../../ui/matrix/source.js';
import { visible, whatRuns } from '../../ui/text.js';
import { costText, type HeadsResult } from './result.js';

/** How many heads a word's fact list names. */
const MOST_NAMED = 5;

/** The heat map of heads and words, as a view takes it: what each head's absence costs. */
export function headsSource({ image, caption, words, heads, coca, ...how }: HeadsResult): MatrixSource {
  const texts = words.map(({ text }) => visible(text));
  const largest = Math.max(1e-9, ...heads.flatMap(({ words: costs }) => costs.map(Math.abs)));
  const costOf = (row: number, column: number): number => heads[row]!.words[column]!;
  const byWord = words.map((_, column) =>
    [...heads.keys()].sort((a, b) => costOf(b, column) - costOf(a, column)).slice(0, MOST_NAMED),
  );
  return {
    title: visible(caption),
    about: `nats that a head's absence costs a word (${how.with} in its place) · ${whatRuns(coca)} · ${visible(image)}`,
    rows: heads.map(({ site }) => site),
    columns: texts,
    names: { row: 'head', column: 'word' },
    scale: ['gains most without it', 'loses most'],
    cell(row, column) {
      const cost = costOf(row, column);
      return { text: '', figure: costText(cost, 2), shade: (cost / largest + 1) / 2, isMarked: false };
    },
    facts(row, column): CellFact[] {
      const { logprob } = words[column]!;
      const cost = costOf(row, column);
      return [
        { label: 'head', value: heads[row]!.site },
        { label: 'word', value: texts[column]! },
        { label: 'with it', value: percentText(Math.exp(logprob)) },
        { label: 'without', value: percentText(Math.exp(logprob - cost)) },
        { label: 'cost', value: `${costText(cost, 3)} nats` },
        ...byWord[column]!.map((head, i) => ({
          label: i === 0 ? 'largest' : '',
          value: `${costText(costOf(head, column), 2).padStart(6)}  ${heads[head]!.site}`,
        })),
      ];
    },
  };
}
