import { attendView } from '../../../src/ui/attend/show.js';
import type { AttendSource } from '../../../src/ui/attend/source.js';
import { initialState } from '../../../src/ui/attend/state.js';
import type { PictureKind } from '../../../src/ui/picture/raster.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { renderView } from '../../support/render-view.js';

/** The view of a caption's attention on a terminal that is none. */
export const renderAttend = (
  source: AttendSource,
  columns: number,
  rows: number,
  colors: Colors = 'none',
  kind: PictureKind = 'blocks',
) => {
  const initial = initialState({ method: 'cross', layer: 'mean', head: 'mean' }, 0, source.later);
  return renderView(attendView(source, initial, kind), columns, rows, colors);
};
