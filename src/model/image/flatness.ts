import type { Picture } from './picture.js';

/** By how much, of 255, two neighbouring pixels of one area may differ. */
const TOLERANCE = 2;
/** Of 660 composed scenes none has less than 0.57; photographs have 0.06 to 0.5, unless most of them is empty sky. */
const FLAT = 0.5;

/** The share of pixels whose right neighbour has the same colour: 1 for one colour, near 0 for noise. */
export function flatness({ rgb, size }: Pick<Picture, 'rgb' | 'size'>): number {
  let same = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const at = (row * size + column) * 3;
      const differs = (channel: number) => Math.abs(rgb[at + channel]! - rgb[at + 3 + channel]!) > TOLERANCE;
      if (!differs(0) && !differs(1) && !differs(2)) same++;
    }
  }
  return same / (size * (size - 1));
}

/** Whether a picture looks like a photograph rather than one composed of drawings on a plain ground. */
export function looksLikePhotograph(picture: Pick<Picture, 'rgb' | 'size'>): boolean {
  return flatness(picture) < FLAT;
}
