import type { AttendSource } from '../../../src/ui/attend/source.js';
import { initialState } from '../../../src/ui/attend/state.js';
import { AttendView } from '../../../src/ui/attend/view.js';
import type { PictureKind } from '../../../src/ui/picture.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { renderView } from '../../support/render-view.js';

/** The view of a caption's attention on a terminal that is none. */
export const renderAttend = (
  source: AttendSource,
  columns: number,
  rows: number,
  colors: Colors = 'none',
  kind: PictureKind = 'blocks',
) =>
  renderView(
    (screen, sizeOf) => (
      <AttendView
        source={source}
        initial={initialState({ method: 'cross', layer: 'mean', head: 'mean' }, 0)}
        colors={colors}
        kind={kind}
        screen={screen}
        sizeOf={sizeOf}
      />
    ),
    columns,
    rows,
  );
