import { bar, padEnd, widthOf, wrap } from './layout.js';
import { DOUBT, doubted, doubtText, painter } from './palette.js';
import type { Colors } from './terminal.js';
import { visible } from './text.js';

/** A word of a caption and the probability that the model gave it (the product over its tokens). */
export interface ShadedWord {
  readonly text: string;
  readonly probability: number;
}

/** One generated token for the table that `--logprobs` asks for. */
export interface TokenRowView {
  readonly text: string;
  readonly logprob: number;
  readonly top: readonly { readonly text: string; readonly logprob: number }[];
}

/** A caption as a person is shown it. */
export interface CaptionView {
  readonly words: readonly ShadedWord[];
  readonly alternatives: readonly { readonly caption: string; readonly score: number }[];
  readonly tokens?: readonly TokenRowView[];
  /** Small print: score, speed, model. */
  readonly facts: readonly string[];
  /** Whether a caption above it said what the marks mean. */
  readonly isExplained: boolean;
}

/** Lines of a caption: its words, alternatives, the token table, and the small print. */
export function captionLines(view: CaptionView, columns: number, colors: Colors): string[] {
  const paint = painter(colors);
  return [
    ...arrange(view.words, (word) => wordWidth(word, colors), columns).map((line) => wordLine(line, colors)),
    ...view.alternatives.flatMap(({ caption, score }) =>
      wrap(visible(caption), columns - 9).map(
        (line, i) => `${i === 0 ? paint.dim(score.toFixed(3).padStart(7)) : ' '.repeat(7)}  ${line}`,
      ),
    ),
    ...(view.tokens ? tokenTable(view.tokens, columns, colors) : []),
    ...factLines(needsLegend(view, colors) ? [LEGEND, ...view.facts] : view.facts, columns, colors),
  ];
}

/** The words in a row, those that the model doubted marked. */
export function wordLine(words: readonly ShadedWord[], colors: Colors): string {
  return words.map(({ text, probability }) => doubted(visible(text), probability, colors)).join(' ');
}

/** Columns that a word takes in a line of words. */
export function wordWidth({ text, probability }: ShadedWord, colors: Colors): number {
  return widthOf(visible(text)) + (colors === 'none' ? doubtText(probability).length : 0);
}

/** "97", "<1": a probability in percent, as short as it can be. */
export function percent(probability: number): string {
  const whole = Math.round(probability * 100);
  return whole === 0 && probability > 0 ? '<1' : String(whole);
}

/** Words into lines of at most `columns`; a word that is wider alone has its line. */
function arrange(words: readonly ShadedWord[], width: (word: ShadedWord) => number, columns: number): ShadedWord[][] {
  const lines: ShadedWord[][] = [];
  let used = 0;
  for (const word of words) {
    const needed = width(word);
    const line = lines.at(-1);
    if (line && used + 1 + needed <= columns) {
      line.push(word);
      used += 1 + needed;
    } else {
      lines.push([word]);
      used = needed;
    }
  }
  return lines;
}

const PROBABILITY_BAR = 8;

/** A row a token: the token, its probability as bar and number, and the likeliest tokens at its place. */
function tokenTable(tokens: readonly TokenRowView[], columns: number, colors: Colors): string[] {
  const paint = painter(colors);
  const longest = Math.min(20, Math.max(...tokens.map((token) => widthOf(visible(token.text)))));
  return tokens.map(({ text, logprob, top }) => {
    const probability = Math.exp(logprob);
    const fixed = `${padEnd(visible(text), longest)} ${padEnd(bar(probability, PROBABILITY_BAR), PROBABILITY_BAR)} ${percentText(probability)}`;
    let line = fixed;
    for (const other of top) {
      const next = `${line}  ${paint.dim(`${visible(other.text)} ${percentText(Math.exp(other.logprob)).trim()}`)}`;
      if (widthOf(next) > columns) break;
      line = next;
    }
    return line;
  });
}

/** "97.1 %" in seven columns; below a thousandth only that it is. */
export function percentText(probability: number): string {
  if (probability > 0 && probability < 0.0005) return '< 0.1 %';
  return `${(probability * 100).toFixed(1)} %`.padStart(7);
}

const LEGEND = 'underlined: less likely than not';

/** Whether the lines of a view have marks that are to be explained. */
export function needsLegend({ words, isExplained }: CaptionView, colors: Colors): boolean {
  return !isExplained && colors !== 'none' && words.some(({ probability }) => probability < DOUBT);
}

/** The facts in small print; lines break between facts. */
function factLines(facts: readonly string[], columns: number, colors: Colors): string[] {
  const lines: string[] = [];
  for (const fact of facts.map(visible)) {
    const joined = lines.length === 0 ? fact : `${lines.at(-1)} · ${fact}`;
    if (lines.length > 0 && widthOf(joined) <= columns) lines[lines.length - 1] = joined;
    else lines.push(...wrap(fact, columns));
  }
  return lines.map((line) => painter(colors).dim(line));
}
