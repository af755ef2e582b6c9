import { Box } from 'ink';
import { type ReactElement, useMemo } from 'react';
import { padEnd } from '../layout.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
import type { Stage, ViewExit } from '../view/view.js';
import { commandOf } from './keys.js';
import { layoutOf } from './layout.js';
import { matrixLines } from './lines.js';
import type { MatrixSource } from './source.js';
import type { MatrixAction, MatrixState } from './state.js';

export interface MatrixViewProps {
  readonly source: MatrixSource;
  readonly state: MatrixState;
  readonly stage: Stage<MatrixState, MatrixAction, ViewExit>;
}

/** A table of coloured cells, what is known of the current one, and the keys to walk through them. */
export function MatrixView({ source, state, stage }: MatrixViewProps): ReactElement {
  const { act, leave, now, colors, screen } = stage;
  const size = useScreenSize(stage);
  usePresses(
    stage,
    () => false,
    ({ input, key }) => {
      const command = commandOf(input, key, now().isHelp);
      if (command === undefined) return;
      if (command.type === 'quit' || command.type === 'interrupt') leave(command.type);
      else act(command);
    },
  );
  const layout = useMemo(() => layoutOf(size, source, source.facts(0, 0).length, colors), [size, source, colors]);
  const paintings = useMemo(() => {
    const cells = matrixLines(source, state, layout, colors).map((line) => padEnd(line, layout.columns));
    return [{ row: 0, column: 0, drawing: { cells } }];
  }, [source, state, layout, colors]);
  usePaintings(screen, paintings);
  // Ink's frame is empty: all that is to be seen is painted.
  return <Box width={layout.columns} height={layout.height} />;
}
