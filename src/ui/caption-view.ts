import type { Caption, Coca } from '../model/api.js';
import type { GroundedCaption } from '../model/grounding/index.js';
import type { Tokenizer } from '../model/tokenizer/tokenizer.js';
import { wordsOf } from '../model/tokenizer/words.js';
import { bar, padEnd, widthOf, wrap } from './layout.js';
import { DOUBT, doubted, doubtText, painter } from './palette.js';
import type { Colors } from './terminal.js';
import { visible, whatRuns } from './text.js';

/** A word of a caption and the probability that the model gave it (the product over its tokens). */
export interface ShadedWord {
  readonly text: string;
  readonly probability: number;
}

/** The words of a caption with the probability of each. What was given as a prompt is certain. */
export function shadedWords({ ids, tokens }: Pick<Caption, 'ids' | 'tokens'>, tokenizer: Tokenizer): ShadedWord[] {
  const given = Array<number>(ids.length - 1 - tokens.length).fill(0);
  return wordsOf(ids, [...given, ...tokens.map(({ logprob }) => logprob)], tokenizer)
    .filter(({ special }) => !special)
    .map(({ text, logprob }) => ({ text, probability: Math.exp(logprob) }));
}

/** The words of a caption with the probability that each is true of the picture; without a calibration none is doubted. */
export function groundedWords({ words }: GroundedCaption): ShadedWord[] {
  return words.map(({ word, grounded }) => ({ text: word.text, probability: grounded ?? 1 }));
}

/** The captions of a picture as a person is shown them, best first. */
export interface CaptionView {
  readonly captions: readonly Caption[];
  /** What its words owe to the picture, where that was asked for. */
  readonly grounded?: GroundedCaption | undefined;
  /** What wrote them. */
  readonly coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated' | 'tokenizer'>;
  /** Milliseconds in the vision tower and in the decoder. */
  readonly ms: { readonly encode: number; readonly decode: number };
  /** A table of the best one's tokens, and of what each could have been. */
  readonly showTokens: boolean;
  /** Whether a caption above it said what the marks mean. */
  readonly isExplained: boolean;
}

/** Lines of captions: the best one's words, alternatives, the token table, and the small print. */
export function captionLines(view: CaptionView, columns: number, colors: Colors): string[] {
  const { captions, coca, ms } = view;
  const [best, ...others] = captions as readonly [Caption, ...Caption[]];
  const paint = painter(colors);
  const words = wordsOfView(view);
  const speed = ms.decode > 0 ? [`${Math.round((best.tokens.length * 1000) / ms.decode)} tokens/s`] : [];
  const time = `${Math.round(ms.encode + ms.decode)} ms`;
  const facts = [`score ${best.score.toFixed(3)}`, ...truthOf(view), ...speed, time, whatRuns(coca)];
  return [
    ...wordLines(words, columns, colors),
    ...others.flatMap(({ text, score }) =>
      wrap(visible(text), columns - 9).map(
        (line, i) => `${i === 0 ? paint.dim(score.toFixed(3).padStart(7)) : ' '.repeat(7)}  ${line}`,
      ),
    ),
    ...(view.showTokens ? tokenTable(best, coca.tokenizer, columns, colors) : []),
    ...factLines(needsLegend(view, colors) ? [legendOf(view), ...facts] : facts, columns, colors),
  ];
}

/** The words in lines of at most `columns`, those that the model doubted marked. */
export function wordLines(words: readonly ShadedWord[], columns: number, colors: Colors): string[] {
  return arrange(words, (word) => wordWidth(word, colors), columns).map((line) => wordLine(line, colors));
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
function tokenTable({ tokens }: Caption, tokenizer: Tokenizer, columns: number, colors: Colors): string[] {
  const paint = painter(colors);
  const textOf = (id: number): string => visible(tokenizer.tokenText(id));
  const longest = Math.min(20, Math.max(...tokens.map(({ id }) => widthOf(textOf(id)))));
  return tokens.map(({ id, logprob, top = [] }) => {
    const probability = Math.exp(logprob);
    let line = `${padEnd(textOf(id), longest)} ${padEnd(bar(probability, PROBABILITY_BAR), PROBABILITY_BAR)} ${percentText(probability)}`;
    for (const other of top.filter((one) => one.id !== id)) {
      const next = `${line}  ${paint.dim(`${textOf(other.id)} ${percentText(Math.exp(other.logprob)).trim()}`)}`;
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

/** Whether a caption's words are marked by whether they are true of the picture, and not by what the search thought of them. */
const isCalibrated = ({ grounded }: CaptionView): boolean => grounded !== undefined && grounded.grounded !== null;

const wordsOfView = (view: CaptionView): ShadedWord[] =>
  isCalibrated(view) ? groundedWords(view.grounded!) : shadedWords(view.captions[0]!, view.coca.tokenizer);

const legendOf = (view: CaptionView): string =>
  isCalibrated(view) ? 'underlined: more likely wrong' : 'underlined: less likely than not';

function truthOf({ grounded }: CaptionView): string[] {
  if (grounded === undefined) return [];
  return [grounded.grounded === null ? 'not calibrated' : `all of it true: ${percent(grounded.grounded)} %`];
}

/** Whether the lines of a view have marks that are to be explained. */
export function needsLegend(view: CaptionView, colors: Colors): boolean {
  if (view.isExplained || colors === 'none') return false;
  return wordsOfView(view).some(({ probability }) => probability < DOUBT);
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
