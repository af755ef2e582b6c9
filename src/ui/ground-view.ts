import type { Coca } from '../model/api.js';
import type { GroundedCaption, GroundedWord } from '../model/grounding/index.js';
import { groundedWords, percentText, wordLines } from './caption-view.js';
import { bar, padEnd, widthOf, wrap } from './layout.js';
import { DOUBT, doubted, painter } from './palette.js';
import type { Colors } from './terminal.js';
import { visible, whatRuns } from './text.js';

const BAR = 8;
const LONGEST_WORD = 20;

/** Figures of a word by their headings, the most telling first: as many are shown as there is room for. */
const FIGURES: readonly (readonly [heading: string, figure: (word: GroundedWord) => string])[] = [
  ['gain', ({ gain }) => signed(gain)],
  ['drop', ({ drop }) => signed(drop)],
  ['log p', ({ logprob }) => logprob.toFixed(2)],
  ['sim.', ({ similarity }) => signed(similarity)],
  ['mass', ({ mass }) => `${Math.round(mass * 100)} %`],
  ['without', ({ without }) => without.toFixed(2)],
];
const FIGURE = 9;

/** Lines of a caption whose words were asked what they owe to the picture: the caption, a row a word, the small print. */
export function groundView(
  caption: GroundedCaption,
  coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated'>,
  columns: number,
  colors: Colors,
): string[] {
  const { words, grounded } = caption;
  const paint = painter(colors);
  const isKnown = grounded !== null;
  const longest = Math.min(LONGEST_WORD, Math.max(...words.map(({ word }) => widthOf(visible(word.text)))));
  const lead = longest + (isKnown ? 1 + BAR + 8 : 0);
  const shown = FIGURES.slice(0, Math.max(1, Math.floor((columns - lead) / FIGURE)));
  const heading = `${' '.repeat(longest)}${isKnown ? padEnd(' seen', 1 + BAR + 8) : ''}${shown.map(([name]) => name.padStart(FIGURE)).join('')}`;
  const rows = words.map((word) => {
    const { grounded: seen } = word;
    const name = padEnd(visible(word.word.text), longest);
    const chance = seen === null ? '' : ` ${padEnd(bar(seen, BAR), BAR)} ${percentText(seen)}`;
    const figures = shown.map(([, figure]) => figure(word).padStart(FIGURE)).join('');
    return `${seen === null ? name : doubted(name, seen, colors)}${chance}${paint.dim(figures)}`;
  });
  const facts = [
    isKnown ? `all of it true: ${percentText(grounded).trim()}` : 'not calibrated: no probability',
    ...(words.some(({ grounded: seen }) => seen !== null && seen < DOUBT) ? ['underlined: more likely wrong'] : []),
    'nats',
    whatRuns(coca),
  ];
  return [
    ...wordLines(groundedWords(caption), columns, colors),
    '',
    paint.dim(heading),
    ...rows,
    ...wrap(facts.join(' · '), columns).map((line) => paint.dim(line)),
  ];
}

/** With its sign; what rounds to 0 has no minus. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return `${value < 0 && Number(text) > 0 ? '-' : '+'}${text}`;
}
