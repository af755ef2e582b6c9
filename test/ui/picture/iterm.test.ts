import { expect, test } from 'vitest';
import { itermImage } from '../../../src/ui/picture/iterm.js';
import { pixelsOf } from '../../support/terminal-pictures.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

test.each([1, 7, 64])('a PNG of %i x %i arrives with the same pixels, for the cells asked for', async (size) => {
  const rgb = Uint8Array.from({ length: size * size * 3 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
  const terminal = new VirtualTerminal(80, 24).write(itermImage({ size, rgb }, { columns: 20, rows: 10 }));
  const [picture] = terminal.pictures();
  expect(picture).toMatchObject({ protocol: 'iterm', columns: 20, rows: 10 });
  expect(picture!.keys).toMatchObject({ inline: '1', preserveAspectRatio: '0' });
  expect(await pixelsOf(picture!)).toEqual({ width: size, height: size, rgb: Buffer.from(rgb) });
});
