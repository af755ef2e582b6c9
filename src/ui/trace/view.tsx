import { Box } from 'ink';
import { type ReactElement, useMemo } from 'react';
import { layoutOf } from '../attend/layout.js';
import { captionLines } from '../attend/words.js';
import { painter } from '../palette.js';
import type { PictureKind } from '../picture/raster.js';
import { Lines } from '../view/lines.js';
import { useCellSize } from '../view/use-cell-size.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
import type { Stage, ViewExit } from '../view/view.js';
import { commandOf, traceKeyLine } from './keys.js';
import type { TraceSource } from './source.js';
import { stageOf, traceDrawer } from './stage.js';
import type { TraceAction, TraceState } from './state.js';

export interface TraceViewProps {
  readonly source: TraceSource;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  readonly state: TraceState;
  readonly stage: Stage<TraceState, TraceAction, ViewExit>;
}

/** What comes back at each layer and place, and the keys to walk through layers and words. */
export function TraceView({ source, kind, state, stage }: TraceViewProps): ReactElement {
  const { act, leave, now, colors } = stage;
  const size = useScreenSize(stage);
  const { cell, isAnswer } = useCellSize(stage, kind, size);
  usePresses(stage, isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now().isHelp);
    if (command === 'quit' || command === 'interrupt') leave(command);
    else if (command) act({ type: command });
  });

  const layout = useMemo(() => layoutOf(size, source.words, colors, kind !== 'none'), [size, source, colors, kind]);
  const draw = useMemo(
    () => (kind === 'none' ? undefined : traceDrawer(source, kind, colors, cell)),
    [source, kind, colors, cell],
  );
  const { lines, column, paintings } = useMemo(
    () => stageOf(source, state, layout, colors, draw),
    [source, state, layout, colors, draw],
  );
  usePaintings(stage.screen, paintings);

  const { columns, height, captionRows, hasKeys } = layout;
  const limits = { words: source.words.length, sites: source.sites.length };
  return (
    <Box flexDirection="column" width={columns} height={height}>
      <Box marginLeft={column} flexShrink={0}>
        <Lines lines={lines} />
      </Box>
      <Box flexGrow={1} />
      <Lines lines={captionLines(source.words, state.word, columns, captionRows, colors)} />
      {hasKeys && <Lines lines={[painter(colors).dim(traceKeyLine(state.isHelp, limits, columns))]} />}
    </Box>
  );
}
