import { Box, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useInsertionEffect, useMemo, useRef, useState } from 'react';
import { truncate } from '../layout.js';
import { Lines } from '../lines.js';
import { painter } from '../palette.js';
import type { PictureKind } from '../picture.js';
import type { Screen } from '../screen.js';
import { type ScreenSize, useScreenSize } from '../screen-size.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import { useCellSize } from '../use-cell-size.js';
import { mapDrawer } from './draw.js';
import { type AttendCommand, commandOf, KEY_LINE } from './keys.js';
import { layoutOf } from './layout.js';
import type { AttendSource } from './source.js';
import { stageOf } from './stage.js';
import { type AttendAction, type AttendState, reduce } from './state.js';
import { captionLines } from './words.js';

export interface AttendViewProps {
  readonly source: AttendSource;
  /** What is shown first. */
  readonly initial: AttendState;
  readonly colors: Colors;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  /** Ink's stdout. */
  readonly screen: Screen;
  /** Its size now. */
  readonly sizeOf: () => ScreenSize;
}

/** A picture, where each word of its caption looks, and the keys to walk through them. */
export function AttendView({ source, initial, colors, kind, screen, sizeOf }: AttendViewProps): ReactElement {
  const { exit } = useApp();
  const [state, setState] = useState(initial);
  /** As of the last key, also where it is not drawn yet: several may come together. */
  const live = useRef(initial);
  const dispatch = (action: AttendAction): void => {
    const { layers, heads, methods } = source;
    live.current = reduce(live.current, action, { words: source.words.length, layers, heads, methods });
    setState(live.current);
  };
  const size = useScreenSize(screen, sizeOf);
  const { cell, isAnswer } = useCellSize(screen, kind, size, sizeOf);
  const isSaving = useRef(false);

  const save = async (): Promise<void> => {
    if (isSaving.current) return;
    isSaving.current = true;
    dispatch({ type: 'say', message: 'saving ...' });
    const message = await source.save(live.current).catch((error: Error) => error.message);
    isSaving.current = false;
    dispatch({ type: 'say', message: visible(message) });
  };
  const perform = (command: AttendCommand): void => {
    switch (command.type) {
      case 'quit':
      case 'interrupt':
        exit(command.type);
        break;
      case 'save':
        save();
        break;
      default:
        dispatch(command);
    }
  };
  useInput((input, key) => {
    if (isAnswer(input)) return;
    // Keys that come faster than they are read arrive together.
    const letters = input.length > 1 && !key.ctrl && !key.meta ? [...input] : [input];
    for (const letter of letters) {
      const command = commandOf(letter, key, live.current.isHelp);
      if (command) perform(command);
    }
  });

  const hasPicture = kind !== 'none';
  const layout = useMemo(() => layoutOf(size, source.words, colors, hasPicture), [size, source, colors, hasPicture]);
  const draw = useMemo(
    () => (kind === 'none' ? undefined : mapDrawer(source, kind, colors, cell)),
    [source, kind, colors, cell],
  );
  const { lines, column, paintings } = useMemo(
    () => stageOf(source, state, layout, colors, draw),
    [source, state, layout, colors, draw],
  );
  // Before Ink writes the text of this render, and after, should it be the same text as before.
  useInsertionEffect(() => screen.setPaintings(paintings), [screen, paintings]);
  useEffect(() => screen.flush());

  const { columns, height, captionRows, hasKeys } = layout;
  return (
    <Box flexDirection="column" width={columns} height={height}>
      <Box marginLeft={column} flexShrink={0}>
        <Lines lines={lines} />
      </Box>
      <Box flexGrow={1} />
      <Lines lines={captionLines(source.words, state.word, columns, captionRows, colors)} />
      {hasKeys && <Lines lines={[footLine(state, columns, colors)]} />}
    </Box>
  );
}

function footLine(state: AttendState, columns: number, colors: Colors): string {
  if (state.message !== '') return painter(colors).bold(truncate(state.message, columns));
  return painter(colors).dim(truncate(KEY_LINE, columns));
}
