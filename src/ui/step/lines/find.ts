import { percentText } from '../../caption-view.js';
import { bar, padEnd, truncate, truncateStart, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Found } from '../source.js';
import type { PanelFrame } from './candidates.js';
import { inWidth } from './cells.js';
import { CHOSEN, figure } from './theme.js';
import type { TokenTexts } from './token-texts.js';

const BAR = 8;
const WORD = { least: 8, most: 24 };

export interface Finding {
  readonly query: string;
  readonly found: readonly Found[];
  readonly texts: TokenTexts;
  /** Which of those found is meant. */
  readonly match: number;
  /** Nothing can follow what is chosen: a finished caption. */
  readonly isFinished: boolean;
}

/** What was typed, and the tokens that it finds: how likely each is after the chosen beam. */
export function findLines(
  { query, found, texts, match, isFinished }: Finding,
  { columns, rows, colors }: PanelFrame,
): string[] {
  const paint = painter(colors);
  const title = paint.bold(truncateStart(`find: ${query}_`, columns));
  if (isFinished)
    return [title, paint.dim(truncate('a finished caption takes no more tokens', columns))].slice(0, rows);
  if (found.length === 0) return [title, paint.dim(query === '' ? '' : 'no token holds that')].slice(0, rows);
  const height = Math.max(1, rows - 1);
  const first = Math.max(0, Math.min(match - height + 1, found.length - height));
  const width = Math.min(Math.max(WORD.least, ...found.map(({ ids }) => widthOf(texts.label(...ids)))), WORD.most);
  const lines = found.slice(first, first + height).map(({ logprob, rank, ids }, i) => {
    const isChosen = first + i === match;
    const probability = Math.exp(logprob);
    const likely = `${padEnd(bar(probability, BAR), BAR)} ${percentText(probability)}${figure(logprob)}  rank ${rank}`;
    const several = ids.length > 1 ? `  first of ${ids.length} tokens` : '';
    const line = `${isChosen ? CHOSEN : ' '} ${inWidth(texts.label(...ids), width)} ${likely}${several}`;
    return isChosen ? paint.bold(inWidth(line, columns).trimEnd()) : inWidth(line, columns).trimEnd();
  });
  return [title, ...lines].slice(0, rows);
}
