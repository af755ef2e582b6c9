import { useEffect, useState } from 'react';

interface Answer<T> {
  readonly for: string;
  readonly value: T | undefined;
  readonly problem: string;
}

/** What became of a question. */
export interface Answered<T> {
  readonly value: T | undefined;
  readonly isLooking: boolean;
  readonly problem: string;
}

/**
 * The answer to a question that changes as one looks about. Of the questions that come while one is being answered, only the latest is
 * asked.
 * @param question tells it from others; null while nothing is asked
 */
export function useAnswer<T>(question: string | null, ask: () => Promise<T | undefined>): Answered<T> {
  const [answer, setAnswer] = useState<Answer<T>>();
  const [isBusy, setBusy] = useState(false);
  const isKnown = question === null || answer?.for === question;
  useEffect(() => {
    if (isKnown || isBusy) return;
    setBusy(true);
    ask()
      .then(
        (value): Answer<T> => ({ for: question, value, problem: '' }),
        (error: Error): Answer<T> => ({ for: question, value: undefined, problem: error.message }),
      )
      .then((next) => {
        setAnswer(next);
        setBusy(false);
      });
  }, [ask, isKnown, isBusy, question]);
  if (question === null) return { value: undefined, isLooking: false, problem: '' };
  return isKnown && answer
    ? { value: answer.value, isLooking: false, problem: answer.problem }
    : { value: undefined, isLooking: true, problem: '' };
}
