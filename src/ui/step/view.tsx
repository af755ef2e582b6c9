import { Box, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useInsertionEffect, useMemo } from 'react';
import { Lines } from '../lines.js';
import type { Screen } from '../screen.js';
import { type ScreenSize, useScreenSize } from '../screen-size.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import { commandOf, type StepCommand } from './keys.js';
import { layoutOf } from './layout.js';
import { scrollRangeOf } from './scroll.js';
import type { StepSource } from './source.js';
import { picturePaintings, stageLines } from './stage.js';
import type { StepState } from './state.js';
import { useAttention } from './use-attention.js';
import { useSlow } from './use-slow.js';
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
  const { snapshot, state, live, found, scrollRange, look, ask, save } = useWalk(source);

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
        hypotheses: Math.max(snapshot.hypotheses.length, snapshot.width),
        isAttending: state.isAttending,
        isOther: state.isOther,
      }),
    [size, snapshot, state.isAttending, state.isOther],
  );
  scrollRange.current = scrollRangeOf(snapshot, state, layout, colors);
  const hasMap = state.isAttending && layout.pictureRows > 0;
  const { map, isLooking, problem } = useAttention(source, snapshot, hasMap, state.back);
  const isSlow = useSlow(state.pending > 0 || isLooking);
  const remark = remarkOf(state, hasMap, problem, isSlow ? (isLooking ? 'looking ...' : 'at work ... Esc stops') : '');
  const lines = useMemo(
    () => stageLines(source, snapshot, { state, found, remark }, layout, colors),
    [source, snapshot, state, found, remark, layout, colors],
  );
  const isHelp = state.mode === 'help';
  const paintings = useMemo(
    () => (isHelp ? [] : picturePaintings(source, map, layout, colors)),
    [isHelp, source, map, layout, colors],
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

/** What the last line says in place of the keys. */
function remarkOf({ message, isAttending }: StepState, hasMap: boolean, problem: string, working: string): string {
  if (message !== '') return message;
  if (isAttending && !hasMap) return 'no room for the picture: a larger terminal shows where the token looks';
  return problem !== '' ? visible(problem) : working;
}
