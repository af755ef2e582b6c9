import { type ReactElement, useMemo } from 'react';
import { encoder, MOST_PIXELS, plain } from '../picture/encode.js';
import type { PictureKind } from '../picture/raster.js';
import { Lines } from '../view/lines.js';
import type { Painting } from '../view/screen.js';
import { useCellSize } from '../view/use-cell-size.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
import type { Stage } from '../view/view.js';
import { commandOf, type TrainCommand } from './keys.js';
import { trainStage } from './lines.js';
import type { TrainAction, TrainEnd, TrainState } from './state.js';

export type TrainStage = Stage<TrainState, TrainAction, TrainEnd>;

export interface TrainViewProps {
  readonly state: TrainState;
  readonly stage: TrainStage;
  /** What the picture is drawn with. */
  readonly kind: PictureKind;
  readonly onCommand: (command: TrainCommand, stage: TrainStage) => void;
}

/** A run in training, and the keys that it takes. */
export function TrainView({ state, stage, kind, onCommand }: TrainViewProps): ReactElement {
  const { colors, now } = stage;
  const size = useScreenSize(stage);
  const { cell, isAnswer } = useCellSize(stage, kind, size);
  usePresses(stage, isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now().isHelp);
    if (command) onCommand(command, stage);
  });
  const { lines, pictureRow, pictureRows } = trainStage(state, { ...size, colors, hasPicture: kind !== 'none' });
  const raster = state.facts.picture?.picture;
  const encode = useMemo(() => (kind === 'none' ? undefined : encoder(kind, colors, cell)), [kind, colors, cell]);
  const drawing = useMemo(
    () => (encode && raster && pictureRows > 0 ? encode(plain(raster), pictureRows, MOST_PIXELS) : undefined),
    [encode, raster, pictureRows],
  );
  const paintings = useMemo<Painting[]>(
    () => (drawing ? [{ row: pictureRow, column: 0, drawing }] : []),
    [drawing, pictureRow],
  );
  usePaintings(stage.screen, paintings);
  return <Lines lines={lines} />;
}
