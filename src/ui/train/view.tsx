import { useInput } from 'ink';
import type { ReactElement } from 'react';
import { Lines } from '../lines.js';
import { commandOf, type TrainCommand } from './keys.js';
import { type TrainSpace, trainLines } from './lines.js';
import type { TrainState } from './state.js';

export interface TrainViewProps {
  readonly state: TrainState;
  readonly space: TrainSpace;
  readonly onCommand: (command: TrainCommand) => void;
}

/** A run in training, and the keys that it takes. */
export function TrainView({ state, space, onCommand }: TrainViewProps): ReactElement {
  useInput((input, key) => {
    // Keys that come while a step is computed arrive together.
    const letters = input.length > 1 && !key.ctrl && !key.meta ? [...input] : [input];
    for (const letter of letters) {
      const command = commandOf(letter, key, state.isHelp);
      if (command) onCommand(command);
    }
  });
  return <Lines lines={trainLines(state, space)} />;
}
