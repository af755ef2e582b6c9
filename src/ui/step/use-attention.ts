import { useEffect, useState } from 'react';
import type { MeasuredMap } from '../../model/attention/index.js';
import { chosenOf, endOf } from '../../model/stepper/line.js';
import { currentLine } from '../../model/stepper/session.js';
import type { StepSnapshot, StepSource } from './source.js';

interface Answer {
  readonly for: string;
  readonly map: MeasuredMap | undefined;
  readonly problem: string;
}

/**
 * Where the token looks that is chosen. Of the questions that come while one is being answered, only the latest is asked.
 * @param isAsked whether the map is shown
 * @param back how many tokens before the end of the chosen text
 */
export function useAttention(
  source: StepSource,
  { session }: StepSnapshot,
  isAsked: boolean,
  back: number,
): { readonly map: MeasuredMap | undefined; readonly isLooking: boolean; readonly problem: string } {
  const [answer, setAnswer] = useState<Answer>();
  const [isBusy, setBusy] = useState(false);
  const line = currentLine(session);
  const { chosen } = line;
  const question = `${endOf(chosenOf(line))} ${back}`;
  const isKnown = answer?.for === question;
  useEffect(() => {
    if (!isAsked || isKnown || isBusy) return;
    setBusy(true);
    source
      .attention(chosen, back)
      .then(
        (map): Answer => ({ for: question, map, problem: '' }),
        (error: Error): Answer => ({ for: question, map: undefined, problem: error.message }),
      )
      .then((next) => {
        setAnswer(next);
        setBusy(false);
      });
  }, [source, isAsked, isKnown, isBusy, question, chosen, back]);
  if (!isAsked) return { map: undefined, isLooking: false, problem: '' };
  return isKnown
    ? { map: answer.map, isLooking: false, problem: answer.problem }
    : { map: undefined, isLooking: true, problem: '' };
}
