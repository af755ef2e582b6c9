import { Box } from 'ink';
import { type ReactElement, useEffect, useMemo, useRef } from 'react';
import { truncate } from '../layout.js';
import { painter } from '../palette.js';
import type { PictureKind } from '../picture/raster.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import { Lines } from '../view/lines.js';
import { useCellSize } from '../view/use-cell-size.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
import type { Stage, ViewExit } from '../view/view.js';
import { mapDrawer } from './draw.js';
import { type AttendCommand, attendKeyLine, commandOf } from './keys.js';
import { layoutOf } from './layout.js';
import type { AttendSource, Later } from './source.js';
import { stageOf } from './stage.js';
import type { AttendAction, AttendState } from './state.js';
import { captionLines } from './words.js';

export interface AttendViewProps {
  readonly source: AttendSource;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  readonly state: AttendState;
  readonly stage: Stage<AttendState, AttendAction, ViewExit>;
}

/** A picture, where each word of its caption looks, and the keys to walk through them. */
export function AttendView({ source, kind, state, stage }: AttendViewProps): ReactElement {
  const { act, leave, now, colors } = stage;
  const size = useScreenSize(stage);
  const { cell, isAnswer } = useCellSize(stage, kind, size);
  const isSaving = useRef(false);

  const save = async (): Promise<void> => {
    if (isSaving.current) return;
    isSaving.current = true;
    act({ type: 'say', message: 'saving ...' });
    const message = await source.save(now()).catch((error: Error) => error.message);
    isSaving.current = false;
    act({ type: 'say', message: visible(message) });
  };
  const computeAwaited = useLater(source, stage);
  const perform = (command: AttendCommand): void => {
    switch (command.type) {
      case 'quit':
      case 'interrupt':
        leave(command.type);
        break;
      case 'save':
        save();
        break;
      default:
        act(command);
        computeAwaited();
    }
  };
  usePresses(stage, isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now().isHelp);
    if (command) perform(command);
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
  usePaintings(stage.screen, paintings);

  const { columns, height, captionRows, hasKeys } = layout;
  return (
    <Box flexDirection="column" width={columns} height={height}>
      <Box marginLeft={column} flexShrink={0}>
        <Lines lines={lines} />
      </Box>
      <Box flexGrow={1} />
      <Lines lines={captionLines(source.words, state.word, columns, captionRows, colors)} />
      {hasKeys && <Lines lines={[footLine(source, state, columns, colors)]} />}
    </Box>
  );
}

/** Computes what a key has asked for, beside the keys, each at most once at a time; what is left when the view ends is given up. */
function useLater(source: AttendSource, { act, now }: AttendViewProps['stage']): () => void {
  const running = useRef(new Set<Later>());
  const ended = useRef(new AbortController());
  useEffect(() => () => ended.current.abort(), []);
  return () => {
    const { awaited } = now();
    if (awaited === null || running.current.has(awaited)) return;
    const { signal } = ended.current;
    const tell = (action: AttendAction) => signal.aborted || act(action);
    running.current.add(awaited);
    source
      .compute(awaited, (part) => tell({ type: 'progress', part }), signal)
      .then(
        () => tell({ type: 'computed', what: awaited }),
        (error: Error) => tell({ type: 'failed', message: visible(error.message) }),
      )
      .finally(() => running.current.delete(awaited));
  };
}

const AWAITED: Readonly<Record<Later, string>> = {
  occlusion: 'occlusion',
  words: 'leaving out words',
  grounding: 'what each word owes to the picture',
};

function footLine(source: AttendSource, state: AttendState, columns: number, colors: Colors): string {
  if (state.message !== '') return painter(colors).bold(truncate(state.message, columns));
  if (state.awaited) {
    const text = `${AWAITED[state.awaited]}: ${Math.floor(100 * state.part)} %`;
    return painter(colors).bold(truncate(text, columns));
  }
  return painter(colors).dim(attendKeyLine(state, { ...source, words: source.words.length }, columns));
}
