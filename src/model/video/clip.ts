import type { Picture } from '../image/picture.js';

/** How many frames a clip may be looked at by: each one's outputs are attended to together. */
export const MOST_FRAMES = 64;

/** How many frames are looked at where nothing else is asked for, as in VideoCoCa (arXiv 2212.04979, section 4). */
export const DEFAULT_FRAMES = 8;

/** A frame that was taken of a clip. */
export interface Frame {
  /** Which of the clip's frames it is, from 0. */
  readonly index: number;
  /** When it is shown, in seconds from the clip's beginning; null where nothing tells it (pictures of a folder). */
  readonly time: number | null;
  readonly picture: Picture;
}

/** A clip as the model sees it: its frames, in their order. As a picture, it is the first of them. */
export interface Clip extends Picture {
  readonly frames: readonly Frame[];
}

/** @param frames at least one */
export function clipOf(frames: readonly Frame[]): Clip {
  return { ...frames[0]!.picture, frames };
}

export const isClip = (picture: Picture): picture is Clip => 'frames' in picture;

/** The pictures that the image encoder takes for one: a clip's frames, or itself. */
export const picturesOf = (picture: Picture): readonly Picture[] =>
  isClip(picture) ? picture.frames.map((frame) => frame.picture) : [picture];

/**
 * Which of a clip's frames are taken: the middle one of each of `wanted` equal spans; all, where there are no more than wanted.
 * @param count how many frames the clip has
 */
export function evenly(count: number, wanted: number): readonly number[] {
  if (count <= wanted) return [...Array(count).keys()];
  return Array.from({ length: wanted }, (_, i) => Math.floor(((i + 0.5) * count) / wanted));
}
