import { Box, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useInsertionEffect, useMemo } from 'react';
import { Lines } from '../lines.js';
import type { Screen } from '../screen.js';
import { type ScreenSize, useScreenSize } from '../screen-size.js';
import type { Colors } from '../terminal.js';
import { commandOf, type StepCommand } from './keys.js';
import { layoutOf } from './layout.js';
import type { StepSource } from './source.js';
import { stageOf } from './stage.js';
import { useWalk } from './use-walk.js';

export interface StepViewProps {
  readonly source: StepSource;
  readonly colors: Colors;
  /** Ink's stdout. */
  readonly screen: Screen;
  /** Its size now. */
  readonly sizeOf: () => ScreenSize;
}

/** A search as a tree that grows with each key. */
export function StepView({ source, colors, screen, sizeOf }: StepViewProps): ReactElement {
  const { exit } = useApp();
  const size = useScreenSize(screen, sizeOf);
  const { snapshot, state, live, found, map, working, look, ask, save } = useWalk(source);

  const accept = (): void => {
    const { mode, draft, query, match } = live.current;
    ask(mode === 'options' ? { type: 'set', options: draft } : { type: 'force-found', query, match });
  };
  const perform = (command: StepCommand): void => {
    switch (command.type) {
      case 'look':
        look(command.action);
        break;
      case 'ask':
        ask(command.request);
        break;
      case 'accept':
        accept();
        break;
      case 'stop':
        source.stop();
        break;
      case 'save':
        save();
        break;
      case 'quit':
      case 'interrupt':
        exit(command.type);
    }
  };
  useInput((input, key) => {
    // Keys that come faster than they are read arrive together, and each can change what the next one means.
    const letters = input.length > 1 && !key.ctrl && !key.meta ? [...input] : [input];
    for (const letter of letters) {
      const command = commandOf(letter, key, live.current);
      if (command) perform(command);
    }
  });

  const layout = useMemo(
    () =>
      layoutOf(size.columns, size.rows, {
        lines: snapshot.lines.length,
        hypotheses: snapshot.hypotheses.length,
        isAttending: state.isAttending,
      }),
    [size, snapshot, state.isAttending],
  );
  const { lines, paintings } = useMemo(
    () => stageOf(source, snapshot, { state, found, map, working }, layout, colors),
    [source, snapshot, state, found, map, working, layout, colors],
  );
  // Before Ink writes the text of this render, and after, should it be the same text as before.
  useInsertionEffect(() => screen.setPaintings(paintings), [screen, paintings]);
  useEffect(() => screen.flush());

  return (
    <Box flexDirection="column" width={layout.columns} height={layout.height}>
      <Lines lines={lines} />
    </Box>
  );
}
