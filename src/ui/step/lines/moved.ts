import type { Moved } from '../../../model/stepper/index.js';
import { chosenOf, endOf, tokensTo } from '../../../model/stepper/line.js';
import { currentLine, pairOf } from '../../../model/stepper/session.js';
import { percentText } from '../../caption-view.js';
import { truncate } from '../../layout.js';
import { painter } from '../../palette.js';
import type { StepSnapshot } from '../source.js';
import type { PanelFrame } from './candidates.js';
import { inWidth } from './cells.js';
import { changesText } from './changes.js';

/** "80.1 %" twice, the arrow between them, and the spaces. */
const FIGURES = 22;
const WORD = { least: 6, most: 16 };
/** Less is nothing that one would see in the figures. */
const LEAST = 0.0005;

/**
 * The tokens whose probability a change moved most: without it and under it.
 * @param back how many tokens before the end of the chosen text they stand
 */
export function movedLines(
  snapshot: StepSnapshot,
  moved: readonly Moved[],
  back: number,
  { columns, rows, colors }: PanelFrame,
): string[] {
  const { session, texts } = snapshot;
  const pair = pairOf(session.walk);
  if (pair === undefined) return [];
  const paint = painter(colors);
  const line = currentLine(session);
  // Nothing comes after an end token: there, it is what came before it that counts.
  const nodes = tokensTo(line.state.nodes, endOf(chosenOf(line))).slice(0, back === 0 ? undefined : -back);
  const last = nodes.findLast(({ token }) => token !== line.state.special.eot);
  const where = last ? `after ${texts.of(last.token)}` : 'at the start';
  const { length: shared } = session.walk.lines[pair.before]!.changes;
  const title = `moved most ${where} by ${changesText(session, pair.after, shared)}`;
  const width = Math.min(WORD.most, Math.max(WORD.least, columns - FIGURES));
  const lines = moved
    .map(({ token, ...logprobs }) => ({ token, from: Math.exp(logprobs.before), to: Math.exp(logprobs.logprob) }))
    .filter(({ from, to }) => Math.abs(to - from) >= LEAST)
    .map(({ token, from, to }) => {
      const mark = to > from ? '+' : '-';
      const text = `${mark} ${inWidth(texts.label(token), width)} ${percentText(from)} → ${percentText(to)}`;
      const shown = truncate(text, columns);
      return to > from ? paint.yellow(shown) : paint.blue(shown);
    });
  const none =
    lines.length === 0 && back === 0 ? [paint.dim(truncate('nothing by as much as 0.05 %', columns))] : lines;
  return [paint.dim(truncate(title, columns)), ...none].slice(0, rows);
}
