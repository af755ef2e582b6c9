import type { SearchNode } from '../../../model/decoding/index.js';
import { CURRENT } from '../../attend/theme.js';
import { percent } from '../../caption-view.js';
import { graphemesOf, padEnd, truncate, widthOf } from '../../layout.js';
import { doubted, painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import { FORCED } from './theme.js';
import type { TokenTexts } from './token-texts.js';

/** A piece of text in one style. */
export interface Span {
  readonly text: string;
  readonly style?: (text: string) => string;
}

/** How tokens are drawn. */
export interface Pen {
  readonly texts: TokenTexts;
  readonly colors: Colors;
}

export interface CellStyle extends Pen {
  /** Steps back: what fell. */
  readonly isDim?: boolean;
  /** The place of the token in brackets. */
  readonly current?: number;
}

/**
 * A token's text as it stands in a row: what was forced is marked and, where there are no colours to say how likely it
 * is, one that is not certain has its percentage behind it.
 */
export function cellText({ token, logprob, forced }: SearchNode, { texts, colors }: Pen): string {
  const probability = Math.exp(logprob);
  const number = colors === 'none' && probability < 0.995 ? `(${percent(probability)})` : '';
  return `${texts.of(token)}${forced ? FORCED : ''}${number}`;
}

/** Columns of tokens in a row, each with the space after it. */
export const cellsWidth = (nodes: readonly SearchNode[], pen: Pen): number =>
  nodes.reduce((sum, node) => sum + widthOf(cellText(node, pen)) + gapAfter(node, pen).length, 0);

/** What stands between a token and the next. */
export const gapAfter = (node: SearchNode | undefined, { texts }: Pick<Pen, 'texts'>): string =>
  node === undefined || texts.isPiece(node.token) ? '' : ' ';

/** Tokens in a row, those that the model doubted marked. */
export function cellSpans(nodes: readonly SearchNode[], { texts, colors, isDim, current }: CellStyle): Span[] {
  const paint = painter(colors);
  return nodes.flatMap((node, place): Span[] => {
    const text = cellText(node, { texts, colors });
    // Without colours the number is part of the text.
    const isPlain = colors === 'none';
    const style = isDim
      ? paint.dim
      : (plain: string) => (isPlain ? plain : doubted(plain, Math.exp(node.logprob), colors));
    const gap = place === nodes.length - 1 ? [] : [{ text: gapAfter(node, { texts }) }];
    if (place !== current) return [{ text, style }, ...gap];
    const [open, close] = CURRENT;
    return [{ text: open, style: paint.bold }, { text, style }, { text: close, style: paint.bold }, ...gap];
  });
}

export const spansWidth = (spans: readonly Span[]): number => spans.reduce((sum, { text }) => sum + widthOf(text), 0);

/** The columns from `from` to `from + width` of spans in a row; what is cut off on either side shows as an ellipsis. */
export function clip(spans: readonly Span[], from: number, width: number): string {
  if (width < 1) return '';
  const total = spansWidth(spans);
  const isCutLeft = from > 0;
  if (isCutLeft && width === 1) return '…';
  const isCutRight = total > from + width;
  const start = isCutLeft ? from + 1 : from;
  const end = from + width - (isCutRight ? 1 : 0);
  let line = isCutLeft ? '…' : '';
  let column = 0;
  for (const { text, style } of spans) {
    const next = column + widthOf(text);
    if (next > start && column < end) {
      const shown = column >= start && next <= end ? text : cut(text, start - column, end - column);
      line += style ? style(shown) : shown;
    }
    column = next;
  }
  return isCutRight ? `${line}…` : line;
}

/** The end of spans, where they are wider than there is room. */
export function clipStart(spans: readonly Span[], width: number): string {
  return clip(spans, Math.max(0, spansWidth(spans) - width), width);
}

/** The columns from `from` to `to` of a text; half of a wide character is a space. */
function cut(text: string, from: number, to: number): string {
  let column = 0;
  let kept = '';
  for (const { segment } of graphemesOf(text)) {
    const next = column + widthOf(segment);
    if (column >= from && next <= to) kept += segment;
    else if (next > from && column < to) kept += ' '.repeat(Math.min(next, to) - Math.max(column, from));
    column = next;
  }
  return kept;
}

/** Text in exactly `width` columns. */
export const inWidth = (text: string, width: number): string => padEnd(truncate(text, width), width);
