import { fullScreen, type Streams } from '../full-screen.js';
import type { ViewExit } from '../mount.js';
import type { PictureKind } from '../picture.js';
import type { Terminal } from '../terminal.js';
import type { StepSource } from './source.js';

/**
 * Shows the view until a person leaves it, and puts the terminal back as it was.
 * @param kind what pictures are drawn with
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export function showSteps(
  source: StepSource,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  return fullScreen(streams, async () => {
    const { mount } = await import('./mount.js');
    return mount(source, kind, terminal, streams);
  });
}
