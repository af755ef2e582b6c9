import type { PictureKind } from '../../../src/ui/picture/raster.js';
import { stepView } from '../../../src/ui/step/show.js';
import type { StepSource } from '../../../src/ui/step/source.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { renderView } from '../../support/render-view.js';

/** The view of a walk on a terminal that is none. */
export const renderSteps = (
  source: StepSource,
  columns: number,
  rows: number,
  colors: Colors = 'none',
  kind: PictureKind = 'blocks',
) => renderView(stepView(source, kind), columns, rows, colors);
