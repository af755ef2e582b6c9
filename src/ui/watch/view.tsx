import { useInput } from 'ink';
import type { ReactElement } from 'react';
import { Lines } from '../lines.js';
import { type WatchSpace, watchLines } from './lines.js';
import type { WatchState } from './state.js';

export interface WatchViewProps {
  readonly state: WatchState;
  readonly space: WatchSpace;
  /** Whether Ctrl-C comes as a key; otherwise it comes as a signal. */
  readonly hasKeys: boolean;
  readonly onInterrupt: () => void;
}

/** A search while it runs. */
export function WatchView({ state, space, hasKeys, onInterrupt }: WatchViewProps): ReactElement {
  useInput(
    (input, key) => {
      if (key.ctrl && input === 'c') onInterrupt();
    },
    { isActive: hasKeys },
  );
  return <Lines lines={watchLines(state, space)} />;
}
