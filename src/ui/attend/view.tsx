import { Box } from 'ink';
import { type ReactElement, useEffect, useMemo, useRef } from 'react';
import { patchesOf, regionOf } from '../../model/attention/faithfulness.js';
import type { ShadedWord } from '../caption-view.js';
import { padEnd, truncate } from '../layout.js';
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
import { mapDrawer, regionDrawer } from './draw.js';
import { type AttendCommand, attendKeyLine, commandOf } from './keys.js';
import { type AttendLayout, captionLabel, layoutOf } from './layout.js';
import { regionAround } from './region.js';
import type { AttendSource, Later } from './source.js';
import { stageOf } from './stage.js';
import { type AttendAction, type AttendState, OF_PICTURES } from './state.js';
import { captionLines } from './words.js';

export interface AttendViewProps {
  readonly source: AttendSource;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  readonly state: AttendState;
  readonly stage: Stage<AttendState, AttendAction, ViewExit>;
}

/** A picture, where each word of its caption looks, and the keys to walk through them. */
export function AttendView({ source: whole, kind, state, stage }: AttendViewProps): ReactElement {
  const { act, leave, now, colors } = stage;
  /** The whole picture read, then each time that something was erased. */
  const readings = useRef<readonly AttendSource[]>([whole]);
  const reading = readings.current[state.reading]!;
  const source = reading.frames?.[state.frame] ?? reading;
  const size = useScreenSize(stage);
  const { cell, isAnswer } = useCellSize(stage, kind, size);
  const isSaving = useRef(false);
  const shown = (): AttendSource => readings.current[now().reading]!;
  const frames = whole.frames?.length ?? 1;

  const save = async (): Promise<void> => {
    if (isSaving.current) return;
    isSaving.current = true;
    act({ type: 'say', message: 'saving ...' });
    const message = await shown()
      .save(now())
      .catch((error: Error) => error.message);
    isSaving.current = false;
    act({ type: 'say', message: visible(message) });
  };
  const computeAwaited = useLater(shown, stage);
  const read = (reading: number): void => {
    const { words, later } = readings.current[reading]!;
    act({ type: 'read', reading, words: words.length, later });
  };
  const ended = useRef(false);
  useEffect(() => {
    ended.current = false;
    return () => {
      ended.current = true;
    };
  }, []);
  const erase = async (cells: readonly number[]): Promise<void> => {
    if (now().isReading) return;
    const { reading } = now();
    act({ type: 'start-reading' });
    try {
      const next = await shown().without(cells);
      if (ended.current) return;
      readings.current = [...readings.current.slice(0, reading + 1), next];
      read(reading + 1);
    } catch (error) {
      if (!ended.current) act({ type: 'failed', message: visible((error as Error).message) });
    }
  };
  const eraseWord = (): void => {
    const { map, isFlat } = shown().mapOf(now().word, now());
    if (isFlat) act({ type: 'say', message: 'this word looks nowhere in particular (flat map): E erases a rectangle' });
    else erase(regionOf(map));
  };
  const perform = (command: AttendCommand): void => {
    switch (command.type) {
      case 'quit':
      case 'interrupt':
        leave(command.type);
        break;
      case 'save':
        save();
        break;
      case 'choose-region':
        act({ type: 'open-region', region: regionAround(shown().mapOf(now().word, now()), shown().grid) });
        break;
      case 'erase-region':
        erase(patchesOf(now().region!, shown().grid));
        break;
      case 'erase-word':
        if (frames > 1) act({ type: 'say', message: OF_PICTURES });
        else eraseWord();
        break;
      case 'give-back':
        if (now().reading === 0) act({ type: 'say', message: 'nothing is erased' });
        else if (!now().isReading) read(now().reading - 1);
        break;
      default:
        act(command);
        computeAwaited();
    }
  };
  usePresses(stage, isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now());
    if (command) perform(command);
  });

  const hasPicture = kind !== 'none';
  const before = state.reading > 0 ? whole.words : NONE;
  const layout = useMemo(
    () => layoutOf(size, source.words, colors, hasPicture, before),
    [size, source, colors, hasPicture, before],
  );
  const draw = useMemo(
    () => (kind === 'none' ? undefined : mapDrawer(source, kind, colors, cell)),
    [source, kind, colors, cell],
  );
  const drawRegion = useMemo(
    () => (kind === 'none' ? undefined : regionDrawer(source, kind, colors, cell)),
    [source, kind, colors, cell],
  );
  const { lines, column, paintings } = useMemo(
    () => stageOf(source, state, layout, colors, draw, drawRegion),
    [source, state, layout, colors, draw, drawRegion],
  );
  usePaintings(stage.screen, paintings);

  const { columns, height, hasKeys } = layout;
  return (
    <Box flexDirection="column" width={columns} height={height}>
      <Box marginLeft={column} flexShrink={0}>
        <Lines lines={lines} />
      </Box>
      <Box flexGrow={1} />
      <Lines lines={bothCaptions(before, source.words, state.word, layout, colors)} />
      {hasKeys && <Lines lines={[footLine(source, frames, state, columns, colors)]} />}
    </Box>
  );
}

/** Computes what a key has asked for, beside the keys, each at most once at a time; what is left when the view ends is given up. */
function useLater(shown: () => AttendSource, { act, now }: AttendViewProps['stage']): () => void {
  const running = useRef(new WeakMap<AttendSource, Set<Later>>());
  const ended = useRef(new AbortController());
  useEffect(() => () => ended.current.abort(), []);
  return () => {
    const { awaited } = now();
    const source = shown();
    const own = running.current.get(source) ?? new Set<Later>();
    running.current.set(source, own);
    if (awaited === null || own.has(awaited)) return;
    const { signal } = ended.current;
    // Of a reading that is not shown any more, nothing is told: it knows what it has when it is shown again.
    const tell = (action: AttendAction) => signal.aborted || shown() !== source || act(action);
    own.add(awaited);
    source
      .compute(awaited, (part) => tell({ type: 'progress', part }), signal)
      .then(
        () => tell({ type: 'computed', what: awaited }),
        (error: Error) => tell({ type: 'failed', message: visible(error.message) }),
      )
      .finally(() => own.delete(awaited));
  };
}

const AWAITED: Readonly<Record<Later, string>> = {
  occlusion: 'occlusion',
  words: 'leaving out words',
  grounding: 'what each word owes to the picture',
};

const NONE: readonly ShadedWord[] = [];

/** The caption; where something is erased, below that of the whole picture. */
function bothCaptions(
  before: readonly ShadedWord[],
  words: readonly ShadedWord[],
  current: number,
  { columns, captionRows, beforeRows }: AttendLayout,
  colors: Colors,
): string[] {
  const width = before.length > 0 ? captionLabel(columns) : 0;
  const labelled = (lines: readonly string[], label: string): string[] =>
    lines.map((line, i) => painter(colors).dim(padEnd(i === 0 && width > 0 ? label : '', width)) + line);
  return [
    ...labelled(beforeRows > 0 ? captionLines(before, -1, columns - width, beforeRows, colors) : [], 'before'),
    ...labelled(captionLines(words, current, columns - width, captionRows, colors), before.length > 0 ? 'now' : ''),
  ];
}

function footLine(source: AttendSource, frames: number, state: AttendState, columns: number, colors: Colors): string {
  if (state.message !== '') return painter(colors).bold(truncate(state.message, columns));
  if (state.isReading) return painter(colors).bold(truncate('the picture is read again ...', columns));
  if (state.awaited) {
    const text = `${AWAITED[state.awaited]}: ${Math.floor(100 * state.part)} %`;
    return painter(colors).bold(truncate(text, columns));
  }
  return painter(colors).dim(attendKeyLine(state, { ...source, words: source.words.length, frames }, columns));
}
