import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { WordMap } from '../attend/source.js';
import { visible } from '../text.js';
import type { FoundView, StepRequest, StepSnapshot, StepSource } from './source.js';
import { INITIAL, reduce, type StepAction, type StepState } from './state.js';

/** Matches that are found at a time: more than there are rows for is more than one reads. */
const MOST_FOUND = 50;
/** What takes longer says that it is at work. */
const SLOW_MS = 250;

export interface WalkHandles {
  readonly snapshot: StepSnapshot;
  readonly state: StepState;
  /** The state as of the last key, also where it is not drawn yet. */
  readonly live: { readonly current: StepState };
  readonly found: readonly FoundView[];
  readonly map: WordMap | undefined;
  readonly working: string;
  readonly look: (action: StepAction) => void;
  readonly ask: (request: StepRequest) => void;
  readonly save: () => void;
}

/** The state of the view, and what it asks of the walk. */
export function useWalk(source: StepSource): WalkHandles {
  const snapshot = useSyncExternalStore(source.subscribe, source.snapshot);
  const found = useRef<readonly FoundView[]>([]);
  const live = useRef(INITIAL);
  const [state, setState] = useState(INITIAL);
  const look = useCallback(
    (action: StepAction): void => {
      const { hypotheses, chosen, options } = source.snapshot();
      const tokens = hypotheses[chosen]!.cells.length;
      live.current = reduce(live.current, action, { tokens, matches: found.current.length, options });
      setState(live.current);
    },
    [source],
  );
  const [, setFoundFor] = useState('');
  useEffect(() => {
    if (state.mode !== 'find') return;
    let isStale = false;
    source.find(state.query, MOST_FOUND).then(
      (tokens) => {
        if (isStale) return;
        found.current = tokens;
        setFoundFor(`${snapshot.step} ${state.query}`);
      },
      (error: Error) => look({ type: 'say', message: visible(error.message) }),
    );
    return () => {
      isStale = true;
    };
  }, [source, snapshot, state.mode, state.query, look]);

  const say = (work: Promise<string>): void => {
    look({ type: 'begin' });
    work.catch((error: Error) => error.message).then((message) => look({ type: 'end', message: visible(message) }));
  };
  const { map, isLooking } = useAttention(source, snapshot, state);
  const isSlow = useSlow(state.pending > 0 || isLooking);
  return {
    snapshot,
    state,
    live,
    found: found.current,
    map,
    working: isSlow ? (isLooking ? 'looking ...' : 'at work ... Esc stops a run') : '',
    look,
    ask: (request) => say(source.perform(request)),
    save: () => say(source.save()),
  };
}

/** Where the token looks that is chosen; only the latest question is asked. */
function useAttention(source: StepSource, snapshot: StepSnapshot, { isAttending, back }: StepState) {
  const [answer, setAnswer] = useState<{ readonly for: string; readonly map: WordMap | undefined }>();
  const busy = useRef(false);
  const [round, setRound] = useState(0);
  const { chosen, hypotheses } = snapshot;
  const asked = `${hypotheses[chosen]!.node} ${back}`;
  const isKnown = answer?.for === asked;
  useEffect(() => {
    if (!isAttending || isKnown || busy.current) return;
    busy.current = true;
    source
      .attention(chosen, back)
      .catch(() => undefined)
      .then((map) => {
        busy.current = false;
        setAnswer({ for: asked, map });
        // Should another token be looked at by now, it is its turn.
        setRound(round + 1);
      });
  }, [source, isAttending, isKnown, asked, chosen, back, round]);
  return { map: isKnown ? answer.map : undefined, isLooking: isAttending && !isKnown };
}

/** Whether something has been going on for so long that one wonders. */
function useSlow(isWorking: boolean): boolean {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    if (!isWorking) return setSlow(false);
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [isWorking]);
  return isSlow && isWorking;
}
