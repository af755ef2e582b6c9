import type { Streams } from '../full-screen.js';
import { mountView, type ViewExit } from '../mount.js';
import type { PictureKind } from '../picture.js';
import type { Terminal } from '../terminal.js';
import type { StepSource } from './source.js';
import { StepView } from './view.js';

/** Runs the view on a terminal until it is left. */
export function mount(source: StepSource, kind: PictureKind, terminal: Terminal, streams: Streams): Promise<ViewExit> {
  return mountView(
    (screen, sizeOf) => (
      <StepView source={source} colors={terminal.colors} kind={kind} screen={screen} sizeOf={sizeOf} />
    ),
    terminal,
    streams,
  );
}
