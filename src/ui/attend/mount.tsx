import type { Streams } from '../full-screen.js';
import { mountView, type ViewExit } from '../mount.js';
import type { PictureKind } from '../picture.js';
import type { Terminal } from '../terminal.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';
import { AttendView } from './view.js';

/** Runs the view on a terminal until it is left. */
export function mount(
  source: AttendSource,
  initial: AttendState,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  const { colors } = terminal;
  return mountView(
    (screen, sizeOf) => (
      <AttendView source={source} initial={initial} colors={colors} kind={kind} screen={screen} sizeOf={sizeOf} />
    ),
    terminal,
    streams,
  );
}
