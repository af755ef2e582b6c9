import { Box, Text, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useReducer, useRef, useState } from 'react';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import { mapLines } from './canvas.js';
import { gridLines } from './grid.js';
import { type AttendCommand, commandOf, KEY_HELP, KEY_LINE } from './keys.js';
import { type AttendLayout, layoutOf, stageRows } from './layout.js';
import { panelLines } from './panel.js';
import type { AttendSource } from './source.js';
import { type AttendAction, type AttendState, reduce } from './state.js';
import { captionLines, truncate } from './words.js';

/** The stream that is drawn on, as far as its size goes. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface AttendViewProps {
  readonly source: AttendSource;
  /** What is shown first. */
  readonly initial: AttendState;
  readonly colors: Colors;
  /** Asked again whenever `onResize` calls back. */
  readonly sizeOf: () => ScreenSize;
  /** @returns how to stop listening */
  readonly onResize: (listener: () => void) => () => void;
}

/** Why the view was left. */
export type AttendExit = 'quit' | 'interrupt';

/** A picture, where each word of its caption looks, and the keys to walk through them. */
export function AttendView({ source, initial, colors, sizeOf, onResize }: AttendViewProps): ReactElement {
  const { exit } = useApp();
  const [state, dispatch] = useReducer(
    (from: AttendState, action: AttendAction) =>
      reduce(from, action, {
        words: source.words.length,
        layers: source.layers,
        heads: source.heads,
        methods: source.methods,
      }),
    initial,
  );
  const [size, setSize] = useState(sizeOf);
  const isSaving = useRef(false);
  useEffect(() => onResize(() => setSize(sizeOf())), [onResize, sizeOf]);

  const save = async (): Promise<void> => {
    if (isSaving.current) return;
    isSaving.current = true;
    dispatch({ type: 'say', message: 'saving ...' });
    const message = await source.save(state).catch((error: Error) => error.message);
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
    // Keys that come faster than they are read arrive together.
    const letters = input.length > 1 && !key.ctrl && !key.meta ? [...input] : [input];
    for (const letter of letters) {
      const command = commandOf(letter, key, state.isHelp);
      if (command) perform(command);
    }
  });

  return <Frame source={source} state={state} colors={colors} size={size} />;
}

interface FrameProps {
  readonly source: AttendSource;
  readonly state: AttendState;
  readonly colors: Colors;
  readonly size: ScreenSize;
}

function Frame({ source, state, colors, size }: FrameProps): ReactElement {
  const layout = layoutOf(size.columns, size.rows, source.words, colors);
  const { columns, height, captionRows, hasKeys } = layout;
  const caption = captionLines(source.words, state.word, columns, captionRows, colors);
  return (
    <Box flexDirection="column" width={columns} height={height} overflow="hidden">
      <Stage source={source} state={state} colors={colors} layout={layout} />
      <Box flexGrow={1} />
      <Lines lines={caption} />
      {hasKeys && <Lines lines={[footLine(state, columns, colors)]} />}
    </Box>
  );
}

/** All but the caption and the keys: one map and its facts, or all maps, or the help. */
function Stage({ source, state, colors, layout }: Omit<FrameProps, 'size'> & { layout: AttendLayout }): ReactElement {
  const { columns } = layout;
  const rows = stageRows(layout);
  if (state.isHelp) return <Lines lines={helpLines(columns, rows, colors)} />;
  if (state.isGrid) return <Lines lines={gridLines(source, state, state.word, { columns, rows, colors })} />;
  const { panelColumns, panelRows, pictureRows, arrangement } = layout;
  const wordMap = source.mapOf(state.word, state);
  const { picture, grid } = source;
  const { opacity } = state;
  const map = pictureRows > 0 ? mapLines({ picture, grid, wordMap, opacity, colors }, 2 * pictureRows) : [];
  const panel = panelLines(source, state, wordMap, { columns: panelColumns, rows: panelRows, colors });
  return (
    <Box flexDirection={arrangement === 'beside' ? 'row' : 'column'} columnGap={2}>
      <Lines lines={map} />
      <Lines lines={panel} />
    </Box>
  );
}

/** Lines that are as wide as they are: nothing is wrapped, nothing shrinks. */
function Lines({ lines }: { readonly lines: readonly string[] }): ReactElement {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is what it is by its number
        <Text key={row} wrap="truncate">
          {line === '' ? ' ' : line}
        </Text>
      ))}
    </Box>
  );
}

function footLine(state: AttendState, columns: number, colors: Colors): string {
  if (state.message !== '') return painter(colors).bold(truncate(state.message, columns));
  return painter(colors).dim(truncate(KEY_LINE, columns));
}

function helpLines(columns: number, rows: number, colors: Colors): string[] {
  const paint = painter(colors);
  const widest = Math.max(...KEY_HELP.map(([keys]) => keys.length)) + 2;
  return KEY_HELP.map(
    ([keys, does]) => `${paint.bold(keys.padEnd(widest))}${truncate(does, Math.max(0, columns - widest))}`,
  ).slice(0, rows);
}
