import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CocaError } from '../errors.js';
import { THINGS } from './things.js';

/** The package that has the pictures of the things: Noto Emoji, Apache License 2.0. */
const PACKAGE = 'emoji-datasource-google';
const VERSION = '16.0.0';
/** Side of the pictures that are taken from it. */
const SIDE = 64;

/** The picture of one thing: side x side x 4 bytes, RGB multiplied by alpha, and alpha. */
export interface Sprite {
  readonly side: number;
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
  return Promise.all(
    THINGS.map(async ({ art, singular }): Promise<Sprite> => {
      const path = join(folder, art);
      const bytes = await readFile(path).catch((cause) => {
        throw new CocaError('not-found', `${path} (the picture of "${singular}") cannot be read`, HINT, { cause });
      });
      try {
        const pixels = sharp(bytes).resize(SIDE, SIDE, { fit: 'fill' }).ensureAlpha().toColourspace('srgb');
        return { side: SIDE, rgba: multiplied(await pixels.raw().toBuffer()) };
      } catch (cause) {
        throw new CocaError('bad-image', `${path} cannot be decoded: ${(cause as Error).message}`, HINT, { cause });
      }
    }),
  );
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

/** RGB times alpha, so that pixels can be averaged. */
function multiplied(rgba: Uint8Array): Uint8Array {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3]! / 255;
    for (let channel = 0; channel < 3; channel++) rgba[at + channel] = Math.round(rgba[at + channel]! * alpha);
  }
  return rgba;
}
