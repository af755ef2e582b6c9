import { patchesOf, type Rectangle } from '../attention/faithfulness.js';
import { CocaError } from '../base/errors.js';

/**
 * A part of the picture: patches by their numbers (row by row from 0), perhaps those of a word; a rectangle of patches, or one in
 * pixels of the picture.
 */
export type Region =
  | { readonly cells: readonly number[]; readonly word?: string }
  | { readonly rectangle: Rectangle }
  | { readonly box: Rectangle };

/** What is changed in the middle of a walk: what the model sees, or what it is. */
export type WalkChange =
  /** The picture's mean colour in a region. */
  | ({ readonly type: 'erase' } & Region)
  /** Sites whose output is zero, by name. */
  | { readonly type: 'ablate'; readonly sites: readonly string[] }
  /** What another picture gives at a site, in place of what this one gives. */
  | { readonly type: 'patch'; readonly image: string; readonly sha256: string; readonly site: string };

/** The same as it is asked for: a region by the word that looks there, sites and pictures that may not exist. */
export type ChangeRequest =
  | { readonly type: 'erase'; readonly region: Region | { readonly word: string } }
  | { readonly type: 'ablate'; readonly sites: string }
  | { readonly type: 'patch'; readonly image: string; readonly site?: string | undefined };

/** "3x2+2+1": width, height, and how far from the left and from the top. */
export const rectangleText = ({ x, y, width, height }: Rectangle): string => `${width}x${height}+${x}+${y}`;

/** A change in a few words: its verb, and what it is about. */
export function changeName(change: WalkChange): string {
  switch (change.type) {
    case 'erase':
      return `erase:${regionName(change)}`;
    case 'ablate':
      return `ablate:${change.sites.join(' ')}`;
    case 'patch':
      return `patch:${change.image} at ${change.site}`;
  }
}

function regionName(region: Region): string {
  if ('rectangle' in region) return rectangleText(region.rectangle);
  if ('box' in region) return `${rectangleText(region.box)}px`;
  return region.word ?? `=${region.cells.join(' ')}`;
}

/**
 * The patches of a rectangle of them, row by row.
 * @param grid patches along one side
 * @throws CocaError `usage` where it reaches beyond them
 */
export function cellsOf({ x, y, width, height }: Rectangle, grid: number): readonly number[] {
  if (width < 1 || height < 1 || x + width > grid || y + height > grid) {
    throw new CocaError(
      'usage',
      `the region ${rectangleText({ x, y, width, height })} is not within the picture's cells`,
      `what the model sees has ${grid} x ${grid} cells, numbered from 0`,
    );
  }
  return patchesOf({ x, y, width, height }, grid);
}
