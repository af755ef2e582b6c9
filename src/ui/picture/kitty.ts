import { constants, deflateSync } from 'node:zlib';
import { cursorTo } from './cursor.js';
import type { Raster } from './raster.js';

/**
 * Kitty's graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol): pixels as they are, compressed, in base64, in
 * commands that a terminal never answers (an answer would arrive as keys).
 */

/** Bytes of base64 in one command, by the protocol at most. */
const CHUNK = 4096;

/** A picture ready to be sent, scaled by the terminal to columns x rows cells. */
export interface KittyImage {
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  /** Base64 of the compressed pixels. */
  readonly payload: string;
}

/** @param cells how large it is to be on the screen */
export function kittyImage(
  { size, rgb }: Raster,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): KittyImage {
  // Twice as fast as the default, and hardly larger for pictures.
  const deflated = deflateSync(rgb, { level: constants.Z_BEST_SPEED });
  return { size, columns, rows, payload: deflated.toString('base64') };
}

/** Sends a picture and shows it at the cursor, which goes on after it, as with text. */
export function showKitty(image: KittyImage): string {
  return transmit(image, '');
}

/** A picture on a screen that is redrawn. */
export interface KittyPlacement {
  /** Cells from the top left corner, from 0. */
  readonly row: number;
  readonly column: number;
  readonly image: KittyImage;
}

/** Numbers of our pictures count from here: no other program is likely to have used them on the same screen. */
const FIRST_ID = 0xc0ca00;

/**
 * The pictures on a screen. A terminal keeps them, whatever text is written below: only what changed is sent, a picture
 * that takes another's place replaces it, and what is not wanted any more is deleted with its data.
 */
export class KittyPictures {
  #shown: readonly KittyPlacement[] = [];

  /** The bytes that bring the terminal to `wanted`. The cursor may be anywhere afterwards. */
  update(wanted: readonly KittyPlacement[]): string {
    const gone = this.#shown.slice(wanted.length).map((_, i) => remove(FIRST_ID + wanted.length + i));
    const changed = wanted.map((placement, i) => {
      const { row, column, image } = placement;
      const before = this.#shown[i];
      if (before?.image === image && before.row === row && before.column === column) return '';
      return cursorTo(row, column) + transmit(image, `i=${FIRST_ID + i},p=1,C=1,`);
    });
    this.#shown = wanted;
    return [...gone, ...changed].join('');
  }
}

function transmit({ size, columns, rows, payload }: KittyImage, place: string): string {
  const keys = `a=T,${place}f=24,o=z,s=${size},v=${size},c=${columns},r=${rows},q=2`;
  let text = '';
  for (let from = 0; from < payload.length; from += CHUNK) {
    const more = from + CHUNK < payload.length ? 1 : 0;
    text += `\u001b_G${from === 0 ? `${keys},` : 'q=2,'}m=${more};${payload.slice(from, from + CHUNK)}\u001b\\`;
  }
  return text;
}

function remove(id: number): string {
  return `\u001b_Ga=d,d=I,i=${id},q=2\u001b\\`;
}
