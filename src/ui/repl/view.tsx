import { useCursor, useStdout } from 'ink';
import { type ReactElement, useEffect, useInsertionEffect, useState, useSyncExternalStore } from 'react';
import type { Colors } from '../terminal.js';
import { Lines } from '../view/lines.js';
import { promptFrame } from './frame.js';
import type { PromptState } from './state.js';

/** Holds the state of the prompt, whether it is shown or not. */
export interface PromptStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly get: () => PromptState;
  /** Gets what writes above the prompt, while the prompt is shown. */
  readonly setWriter: (write: (text: string) => void) => void;
}

export interface PromptViewProps {
  readonly store: PromptStore;
  readonly colors: Colors;
  /** Of the terminal now. */
  readonly sizeOf: () => { readonly columns: number; readonly rows: number };
}

const TICK_MS = 100;

/** The foot of a session, below all that was written. */
export function PromptView({ store, colors, sizeOf }: PromptViewProps): ReactElement {
  const { stdout, write } = useStdout();
  const { setCursorPosition } = useCursor();
  const state = useSyncExternalStore(store.subscribe, store.get);
  const [now, setNow] = useState(() => performance.now());
  useInsertionEffect(() => store.setWriter(write), [store, write]);
  useEffect(() => {
    const onResize = () => setNow(performance.now());
    stdout.on('resize', onResize);
    return () => {
      stdout.off('resize', onResize);
    };
  }, [stdout]);
  const isWorking = state.work !== undefined;
  useEffect(() => {
    if (!isWorking) return;
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isWorking]);

  const { lines, cursor } = promptFrame(state, { ...sizeOf(), colors }, Math.max(now, state.work?.since ?? 0));
  setCursorPosition(cursor);
  return <Lines lines={lines} />;
}
