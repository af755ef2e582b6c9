import { useInput } from 'ink';
import { type ReactElement, useEffect, useInsertionEffect, useMemo } from 'react';
import { MOST_PIXELS, pictureDrawer } from '../attend/drawing.js';
import { Lines } from '../lines.js';
import type { PictureKind, Raster } from '../picture.js';
import type { Painting, Screen } from '../screen.js';
import type { ScreenSize } from '../screen-size.js';
import { useScreenSize } from '../screen-size.js';
import type { Colors } from '../terminal.js';
import { useCellSize } from '../use-cell-size.js';
import { commandOf, type TrainCommand } from './keys.js';
import { trainStage } from './lines.js';
import type { TrainState } from './state.js';

export interface TrainViewProps {
  readonly state: TrainState;
  readonly colors: Colors;
  /** What the picture is drawn with. */
  readonly kind: PictureKind;
  /** Ink's stdout. */
  readonly screen: Screen;
  /** Its size now. */
  readonly sizeOf: () => ScreenSize;
  readonly onCommand: (command: TrainCommand) => void;
}

/** A run in training, and the keys that it takes. */
export function TrainView({ state, colors, kind, screen, sizeOf, onCommand }: TrainViewProps): ReactElement {
  const size = useScreenSize(screen, sizeOf);
  const { cell, isAnswer } = useCellSize(screen, kind, size, sizeOf);
  useInput((input, key) => {
    if (isAnswer(input)) return;
    // Keys that come while a step is computed arrive together.
    const letters = input.length > 1 && !key.ctrl && !key.meta ? [...input] : [input];
    for (const letter of letters) {
      const command = commandOf(letter, key, state.isHelp);
      if (command) onCommand(command);
    }
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
  // Before Ink writes the text of this render, and after, should it be the same text as before.
  useInsertionEffect(() => screen.setPaintings(paintings), [screen, paintings]);
  useEffect(() => screen.flush());
  return <Lines lines={lines} />;
}

/** A picture with nothing over it, as the views draw theirs. */
function withoutMap(picture: Raster): Parameters<ReturnType<typeof pictureDrawer>>[0] {
  const wordMap = { map: new Float32Array(1), peak: { x: 0, y: 0 }, entropy: 0 };
  return { picture, grid: 1, wordMap, opacity: 0 };
}
