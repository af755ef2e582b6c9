import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { chosenOf, endOf, tokensTo } from '../../model/stepper/line.js';
import { currentLine } from '../../model/stepper/session.js';
import { visible } from '../text.js';
import type { Found, StepRequest, StepSnapshot, StepSource } from './source.js';
import type { LimitedAction, StepAction, StepLimits, StepState } from './state.js';

/** Matches that are found at a time: more than there are rows for is more than one reads. */
const MOST_FOUND = 50;

export interface WalkHandles {
  readonly snapshot: StepSnapshot;
  readonly found: readonly Found[];
  /** How far the view can be scrolled: for the view to say, which knows where everything is. */
  readonly scrollRange: { current: StepLimits['scroll'] };
  /** Something was asked that is not done yet. */
  readonly isAtWork: boolean;
  readonly look: (action: StepAction) => void;
  readonly ask: (request: StepRequest) => void;
  /** @param then what to do once it is saved */
  readonly save: (then?: () => void) => void;
}

/**
 * The walk as it stands, and what the view asks of it.
 * @param act changes the view's state
 */
export function useWalk(source: StepSource, state: StepState, act: (action: LimitedAction) => void): WalkHandles {
  const snapshot = useSyncExternalStore(source.subscribe, source.snapshot);
  const found = useRef<readonly Found[]>([]);
  const scrollRange = useRef<StepLimits['scroll']>([0, 0]);
  const look = useCallback(
    (action: StepAction): void => {
      const line = currentLine(source.snapshot().session);
      const { nodes, options } = line.state;
      const limits = {
        tokens: tokensTo(nodes, endOf(chosenOf(line))).length,
        matches: found.current.length,
        scroll: scrollRange.current,
        options,
      };
      act({ action, limits });
    },
    [source, act],
  );
  const [, setFoundFor] = useState('');
  useEffect(() => {
    if (state.mode !== 'find') return;
    let isStale = false;
    source.find(state.query, MOST_FOUND).then(
      (tokens) => {
        if (isStale) return;
        found.current = tokens;
        setFoundFor(`${currentLine(snapshot.session).state.step} ${state.query}`);
      },
      (error: Error) => look({ type: 'say', message: visible(error.message) }),
    );
    return () => {
      isStale = true;
    };
  }, [source, snapshot, state.mode, state.query, look]);

  const [pending, setPending] = useState(0);
  const say = (work: Promise<string>): void => {
    look({ type: 'ask' });
    setPending((count) => count + 1);
    work
      .catch((error: Error) => error.message)
      .then((message) => {
        setPending((count) => count - 1);
        look({ type: 'say', message: visible(message) });
      });
  };
  return {
    snapshot,
    found: found.current,
    scrollRange,
    isAtWork: pending > 0,
    look,
    ask: (request) => say(source.perform(request)),
    save: (then) => {
      const saving = source.save();
      say(saving);
      // What went wrong is said.
      if (then) saving.then(then, () => undefined);
    },
  };
}
