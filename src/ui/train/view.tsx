import { type ReactElement, useMemo } from 'react';
import { MOST_PIXELS, pictureDrawer } from '../attend/drawing.js';
import type { PictureKind, Raster } from '../picture.js';
import { Lines } from '../view/lines.js';
import type { Stage } from '../view/run.js';
import type { Painting } from '../view/screen.js';
import { useCellSize } from '../view/use-cell-size.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
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
  usePresses(isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now().isHelp);
    if (command) onCommand(command, stage);
  });
  const { lines, pictureRow, pictureRows } = trainStage(state, { ...size, colors, hasPicture: kind !== 'none' });
  const raster = state.facts.picture?.raster;
  const draw = useMemo(() => (kind === 'none' ? undefined : pictureDrawer(kind, colors, cell)), [kind, colors, cell]);
  const drawing = useMemo(
    () => (draw && raster && pictureRows > 0 ? draw(withoutMap(raster), pictureRows, MOST_PIXELS) : undefined),
    [draw, raster, pictureRows],
  );
  const paintings = useMemo<Painting[]>(
    () => (drawing ? [{ row: pictureRow, column: 0, drawing }] : []),
    [drawing, pictureRow],
  );
  usePaintings(stage.screen, paintings);
  return <Lines lines={lines} />;
}

/** A picture with nothing over it, as the views draw theirs. */
function withoutMap(picture: Raster): Parameters<ReturnType<typeof pictureDrawer>>[0] {
  const wordMap = { map: new Float32Array(1), peak: { x: 0, y: 0 }, entropy: 0 };
  return { picture, grid: 1, wordMap, opacity: 0 };
}
