import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { THINGS } from './things.js';

/** The package that has the pictures of the things: Noto Emoji, Apache License 2.0. */
const PACKAGE = 'emoji-datasource-google';
const VERSION = '16.0.0';
/** Side of the pictures that are taken from it. */
const SIDE = 64;

/** The picture of one thing. */
export interface Sprite {
  readonly side: number;
  /** (side + 2) x (side + 2) x 4 bytes: RGB multiplied by alpha, and alpha, with a clear border of one pixel. */
  readonly rgba: Uint8Array;
}

/** Sprites by the index of their thing. */
export type Art = readonly Sprite[];

/**
 * Reads the picture of every thing.
 * @param folder with the files that `THINGS` names; by default that of the installed package
 * @throws CocaError `not-found` when the package is not installed or a file is missing; `bad-image`
 */
export async function loadArt(folder: string = packagedArt()): Promise<Art> {
  const { default: sharp } = await import('sharp');
  const sprites = await Promise.allSettled(
    THINGS.map(async ({ art, singular }): Promise<Sprite> => {
      const path = join(folder, art);
      const bytes = await readFile(path).catch((cause) => {
        throw new CocaError('not-found', `${path} (the picture of "${singular}") cannot be read`, HINT, { cause });
      });
      try {
        const pixels = sharp(bytes).resize(SIDE, SIDE, { fit: 'fill' }).ensureAlpha().toColourspace('srgb');
        return makeSprite(SIDE, await pixels.raw().toBuffer());
      } catch (cause) {
        throw new CocaError('bad-image', `${path} cannot be decoded: ${(cause as Error).message}`, HINT, { cause });
      }
    }),
  );
  // Of several that fail, the first of the list is told, whichever was first to fail.
  return sprites.map((sprite) => {
    if (sprite.status === 'rejected') throw sprite.reason;
    return sprite.value;
  });
}

const HINT = `npm install ${PACKAGE}@${VERSION} (Noto Emoji, Apache License 2.0), or name a folder with its 64 px pictures`;

/** The package's pictures, looked for from this program and from the current folder. */
function packagedArt(): string {
  for (const base of [import.meta.url, join(process.cwd(), 'coca')]) {
    try {
      return join(dirname(createRequire(base).resolve(`${PACKAGE}/package.json`)), 'img', 'google', String(SIDE));
    } catch {
      // Not there: the next place is as good.
    }
  }
  throw new CocaError(
    'not-found',
    `scenes are composed of pictures of the package ${PACKAGE}, which is not installed`,
    HINT,
  );
}

/** @param rgba side x side x 4 bytes */
export function makeSprite(side: number, rgba: Uint8Array): Sprite {
  const bordered = new Uint8Array((side + 2) ** 2 * 4);
  for (let row = 0; row < side; row++) {
    let to = ((row + 1) * (side + 2) + 1) * 4;
    for (let from = row * side * 4; from < (row + 1) * side * 4; from += 4) {
      const alpha = rgba[from + 3]!;
      for (let channel = 0; channel < 3; channel++) {
        bordered[to++] = Math.round((rgba[from + channel]! * alpha) / 255);
      }
      bordered[to++] = alpha;
    }
  }
  return { side, rgba: bordered };
}
