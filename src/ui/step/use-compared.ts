import { useCallback } from 'react';
import type { MeasuredMap } from '../../model/attention/index.js';
import type { Moved } from '../../model/stepper/index.js';
import { chosenOf, endOf } from '../../model/stepper/line.js';
import { currentLine, pairOf } from '../../model/stepper/session.js';
import type { StepSnapshot, StepSource } from './source.js';
import { type Answered, useAnswer } from './use-answer.js';

/**
 * Where the token looks that is chosen.
 * @param isAsked whether the map is shown
 * @param back how many tokens before the end of the chosen text
 */
export function useAttention(
  source: StepSource,
  { session }: StepSnapshot,
  isAsked: boolean,
  back: number,
): Answered<MeasuredMap> {
  const line = currentLine(session);
  const { chosen } = line;
  const question = isAsked ? `${session.walk.line} ${endOf(chosenOf(line))} ${back}` : null;
  return useAnswer(
    question,
    useCallback(() => source.attention(chosen, back), [source, chosen, back]),
  );
}

const NOTHING: readonly Moved[] = [];

/** What differs most between two lines side by side, after the text up to the token that is chosen. */
export function useMoved(
  source: StepSource,
  { session }: StepSnapshot,
  isShown: boolean,
  back: number,
): readonly Moved[] {
  const { walk } = session;
  const pair = pairOf(walk);
  const line = currentLine(session);
  const { chosen } = line;
  const question = isShown && pair ? `${pair.before} ${pair.after} ${endOf(chosenOf(line))} ${back}` : null;
  const { value } = useAnswer(
    question,
    useCallback(() => source.moved(chosen, back), [source, chosen, back]),
  );
  return value ?? NOTHING;
}
