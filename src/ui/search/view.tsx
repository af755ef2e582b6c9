import { Box } from 'ink';
import { type ReactElement, useMemo } from 'react';
import { painter } from '../palette.js';
import type { PictureKind, Raster } from '../picture/raster.js';
import { Lines } from '../view/lines.js';
import { useCellSize } from '../view/use-cell-size.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
import type { Stage } from '../view/view.js';
import { gridTiling, stageOf, thumbnailDrawer } from './grid.js';
import { commandOf, searchKeyLine } from './keys.js';
import type { SearchSource } from './source.js';
import type { SearchAction, SearchExit, SearchState } from './state.js';

export interface SearchViewProps {
  readonly source: SearchSource;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  /** Thumbnails: `state.loaded` tells how many are there. */
  readonly rasters: readonly (Raster | undefined)[];
  readonly state: SearchState;
  readonly stage: Stage<SearchState, SearchAction, SearchExit>;
}

/** Pictures beside each other with their scores, and the keys to walk among them. */
export function SearchView({ source, kind, rasters, state, stage }: SearchViewProps): ReactElement {
  const { act, leave, now, colors } = stage;
  const size = useScreenSize(stage);
  const { cell, isAnswer } = useCellSize(stage, kind, size);
  const { columns, rows } = size;
  const hasKeys = rows > 4;
  const space = useMemo(
    () => ({ columns, rows: Math.max(1, rows - (hasKeys ? 2 : 1)), colors }),
    [columns, rows, hasKeys, colors],
  );
  const tiling = gridTiling(source.pictures.length, space);
  const steps = kind === 'none' || tiling.perPage === 0 ? { perRow: 1, perPage: space.rows } : tiling;
  usePresses(stage, isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now().isHelp, steps);
    const { at } = now();
    if (command === 'quit' || command === 'interrupt') leave(command);
    else if (command === 'choose') leave({ chosen: at });
    else if (command === 'open-file') void source.openFile(at).then((text) => act({ type: 'say', text }));
    else if (command) act(command);
  });
  const draw = useMemo(() => (kind === 'none' ? undefined : thumbnailDrawer(kind, colors, cell)), [kind, colors, cell]);
  const { lines, paintings } = useMemo(
    () => stageOf(source, state, space, rasters, draw),
    [source, state, space, rasters, draw],
  );
  usePaintings(stage.screen, paintings);
  return (
    <Box flexDirection="column" width={columns} height={Math.max(1, rows - 1)}>
      <Lines lines={lines} />
      <Box flexGrow={1} />
      {hasKeys && <Lines lines={[painter(colors).dim(searchKeyLine(state.isHelp, columns))]} />}
    </Box>
  );
}
