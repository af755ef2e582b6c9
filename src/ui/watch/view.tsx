import { useInput } from 'ink';
import type { ReactElement } from 'react';
import type { Colors } from '../terminal.js';
import { Lines } from '../view/lines.js';
import type { ScreenSize } from '../view/use-screen-size.js';
import { watchLines } from './lines.js';
import type { WatchState } from './state.js';

export interface WatchViewProps {
  readonly state: WatchState;
  readonly stage: {
    readonly sizeOf: () => ScreenSize;
    readonly suspend: () => Promise<void>;
    readonly colors: Colors;
  };
  /** Whether Ctrl-C comes as a key; otherwise it comes as a signal. */
  readonly hasKeys: boolean;
  readonly onInterrupt: () => void;
}

/** A search while it runs. */
export function WatchView({ state, stage, hasKeys, onInterrupt }: WatchViewProps): ReactElement {
  useInput(
    (input, key) => {
      if (key.ctrl && input === 'c') onInterrupt();
      else if (key.ctrl && input === 'z') void stage.suspend();
    },
    { isActive: hasKeys },
  );
  return <Lines lines={watchLines(state, { ...stage.sizeOf(), colors: stage.colors })} />;
}
