import type { Hypothesis } from '../../model/stepper/line.js';
import { type ShadedWord, shadedWords, wordLine, wordWidth } from '../caption-view.js';
import { truncate, truncateStart, wrap } from '../layout.js';
import { painter } from '../palette.js';
import { searchName } from '../search-name.js';
import type { Colors, Terminal } from '../terminal.js';
import { visible } from '../text.js';
import type { WatchState } from './state.js';

export type WatchSpace = Pick<Terminal, 'columns' | 'rows' | 'colors'>;

/** Below the widths, the log-probability, then the score too, make room for words. */
const COLUMNS_FOR_SUM = 48;
const COLUMNS_FOR_SCORE = 28;
const SUM = 9;
const SCORE = 8;
/** Ink takes a frame as high as the terminal for a screen of its own. */
const SPARE_ROWS = 2;

/**
 * A running search in lines: how far it is, then every live hypothesis, what is finished, and what was just pruned,
 * dimmed; the last of these as far as there are rows.
 */
export function watchLines(state: WatchState, space: WatchSpace): string[] {
  const { columns, rows, colors } = space;
  const paint = painter(colors);
  const dim = (text: string): string => paint.dim(truncate(text, columns));
  const lines = wrap(facts(state).join(' · '), columns).map((line) => paint.bold(line));
  if (columns >= COLUMNS_FOR_SCORE) lines.push(dim(figureNames(state, columns)));
  const sections = [
    { title: undefined, hypotheses: state.live, isPruned: false },
    { title: 'finished', hypotheses: state.finished, isPruned: false },
    { title: 'pruned', hypotheses: state.pruned, isPruned: true },
  ];
  for (const { title, hypotheses, isPruned } of sections) {
    const head = title === undefined ? [] : [dim(title)];
    const room = rows - SPARE_ROWS - lines.length - head.length;
    if (hypotheses.length === 0 || room < 1) continue;
    const blocks = hypotheses.map((hypothesis) => hypothesisLines(hypothesis, state, isPruned, space));
    lines.push(...head, ...asManyAsFit(blocks, room).map((line) => (line.isMore ? dim(line.text) : line.text)));
  }
  return lines.slice(0, Math.max(1, rows - SPARE_ROWS));
}

function facts({ step, maxSteps, options, elapsedMs, finished, prunedCount }: WatchState): string[] {
  return [
    maxSteps === 0 ? 'starting' : `step ${step} of ${maxSteps}`,
    elapsedMs < 1000 ? `${Math.round(elapsedMs)} ms` : `${(elapsedMs / 1000).toFixed(1)} s`,
    searchName(options),
    `${finished.length} finished`,
    `${prunedCount} pruned`,
  ];
}

function figureNames(state: WatchState, columns: number): string {
  const sum = columns >= COLUMNS_FOR_SUM ? 'log p'.padStart(SUM) : '';
  return `${' '.repeat(groupWidth(state, columns))}${sum}${'score'.padStart(SCORE)}`;
}

/** Room for the number of a group, where there are several. */
function groupWidth({ options: { strategy, num, groups: own } }: WatchState, columns: number): number {
  const groups = strategy === 'sample' ? num : own;
  return groups > 1 && columns >= COLUMNS_FOR_SCORE ? String(groups).length + 1 : 0;
}

/** Figures, and the words: their end, where they do not fit, since hypotheses begin alike. */
function hypothesisLines(
  { group, score, text }: Hypothesis,
  state: WatchState,
  isPruned: boolean,
  { columns, colors }: WatchSpace,
): string[] {
  const numbered = groupWidth(state, columns);
  const figures = [
    numbered > 0 ? `${group + 1}`.padEnd(numbered) : '',
    columns >= COLUMNS_FOR_SUM ? text.sum.toFixed(3).padStart(SUM) : '',
    columns >= COLUMNS_FOR_SCORE ? score.toFixed(3).padStart(SCORE) : '',
    columns >= COLUMNS_FOR_SCORE ? '  ' : '',
  ].join('');
  const { before, shown } = lastWords(shadedWords(text, state.tokenizer), columns - figures.length, colors);
  if (isPruned) return [painter(colors).dim(`${figures}${before}${shown.map(({ text }) => text).join(' ')}`)];
  const line = figures + before + wordLine(shown, colors);
  // A probability may be wider than what was cut off its word.
  return [colors === 'none' ? truncate(line, columns) : line];
}

const CUT = '… ';

/** As many of the last words as fit; of a word that is alone too wide, its end. */
function lastWords(
  words: readonly ShadedWord[],
  room: number,
  colors: Colors,
): { readonly before: string; readonly shown: readonly ShadedWord[] } {
  const visibleWords = words.map((word) => ({ ...word, text: visible(word.text) }));
  let first = words.length;
  let used = -1;
  while (first > 0) {
    const next = used + 1 + wordWidth(visibleWords[first - 1]!, colors);
    if (next > room - (first > 1 ? CUT.length : 0)) break;
    used = next;
    first--;
  }
  const last = visibleWords.at(-1);
  if (first === words.length && last) return { before: '', shown: [{ ...last, text: truncateStart(last.text, room) }] };
  return { before: first > 0 ? CUT : '', shown: visibleWords.slice(first) };
}

interface Line {
  readonly text: string;
  readonly isMore: boolean;
}

/** Whole blocks while there is room; how many more there are, where there is not. */
function asManyAsFit(blocks: readonly (readonly string[])[], room: number): Line[] {
  const lines: Line[] = [];
  for (const [i, block] of blocks.entries()) {
    const isLast = i === blocks.length - 1;
    if (lines.length + block.length + (isLast ? 0 : 1) > room) {
      lines.push({ text: `+ ${blocks.length - i} more`, isMore: true });
      break;
    }
    lines.push(...block.map((text) => ({ text, isMore: false })));
  }
  return lines.slice(0, room);
}
