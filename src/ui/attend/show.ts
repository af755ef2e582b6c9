import { fullScreen, type Streams } from '../full-screen.js';
import type { ViewExit } from '../mount.js';
import type { PictureKind } from '../picture.js';
import type { Terminal } from '../terminal.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';

/**
 * Shows the view until a person leaves it, and puts the terminal back as it was.
 * @param kind what pictures are drawn with; 'none' shows figures alone
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export function showAttention(
  source: AttendSource,
  initial: AttendState,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  return fullScreen(streams, async () => {
    const { mount } = await import('./mount.js');
    return mount(source, initial, kind, terminal, streams);
  });
}
