import type { CommandContext } from '../../cli/command.js';
import { choosePictureKind, pictureColumns } from '../../ui/picture/choose.js';
import { drawPicture } from '../../ui/picture/draw.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import type { ReadablePicture } from './pictures.js';

/** Rows kept free for what is said about the picture. */
const ROWS_BELOW = 7;
/** Part of the terminal's rows: one alone leaves what was said before it in sight, of several three are seen at once. */
const ALONE = 0.72;
const AMONG_OTHERS = 1 / 3;

/**
 * Draws pictures on the terminal: one named alone large, one of several small under its name. What is
 * on the screen already is not drawn again, unless something lies over it now.
 */
export async function pictureShower(
  context: CommandContext,
  asked: PictureKind | 'auto',
  isOne: boolean,
): Promise<(item: ReadablePicture, isOverlaid?: boolean) => Promise<void>> {
  const kind = choosePictureKind(asked, context.terminal);
  const most = Math.floor(context.terminal.rows * (isOne ? ALONE : AMONG_OTHERS));
  const columns = pictureColumns(context.terminal, ROWS_BELOW, most);
  return async ({ name, picture }, isOverlaid = false) => {
    const isNeeded = isOverlaid || !context.isShown(name);
    const drawn = isNeeded ? await drawPicture(picture, kind, columns, context.terminal.colors) : '';
    await context.out.write(`${isOne ? '' : `${visible(name)}\n`}${drawn}`);
  };
}
