import type { Picture } from '../image/picture.js';
import { peakOf } from './maps.js';

/** A rectangle in pixels (of the source, unless it is said of what); x1 and y1 are its far edges. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/**
 * The pointing game (Zhang et al. 2016, "Top-down Neural Attention by Excitation Backprop"), without a margin: whether
 * the peak of a map lies in one of the boxes.
 */
export function pointsInto(map: Float32Array, grid: number, picture: Picture, boxes: readonly Box[]): boolean {
  const { crop } = picture;
  const peak = peakOf(map, grid);
  const x = crop.x + peak.x * crop.width;
  const y = crop.y + peak.y * crop.height;
  return boxes.some((box) => x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1);
}

/** How much of a map lies in the boxes: each patch counts by the part of it that the boxes cover (overlaps once). */
export function massInside(map: Float32Array, grid: number, picture: Picture, boxes: readonly Box[]): number {
  const { crop } = picture;
  let inside = 0;
  // Fine enough that a patch's covered part is right within a percent.
  const steps = 16;
  for (let patch = 0; patch < map.length; patch++) {
    let covered = 0;
    for (let i = 0; i < steps * steps; i++) {
      const x = crop.x + (((patch % grid) + ((i % steps) + 0.5) / steps) / grid) * crop.width;
      const y = crop.y + ((Math.floor(patch / grid) + (Math.floor(i / steps) + 0.5) / steps) / grid) * crop.height;
      if (boxes.some((box) => x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1)) covered++;
    }
    inside += (map[patch]! * covered) / (steps * steps);
  }
  return inside;
}

/** The patches with the highest values, best first. */
export function highestPatches(map: Float32Array, count: number): number[] {
  return [...map.keys()].sort((a, b) => map[b]! - map[a]! || a - b).slice(0, count);
}

/**
 * The patches of a square around one, those that there are.
 * @param side in patches; of an even one there is a patch more to the right and below
 */
export function patchesAround(patch: number, grid: number, side: number): number[] {
  const before = Math.floor((side - 1) / 2);
  const within = (from: number): number[] =>
    Array.from({ length: side }, (_, i) => from - before + i).filter((at) => at >= 0 && at < grid);
  const columns = within(patch % grid);
  return within(Math.floor(patch / grid)).flatMap((row) => columns.map((column) => row * grid + column));
}

/** The part of the patches that is a word's region: so many are blanked in the deletion game. */
export const REGION = 0.2;

/** A word's region: the highest patches of its map, best first. */
export const regionOf = (map: Float32Array): number[] => highestPatches(map, Math.round(REGION * map.length));

/** Where a rectangle lies, in cells or in pixels: `x` to the right and `y` down from the corner at the top left. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The patches of a rectangle of them, row by row. */
export const patchesOf = ({ x, y, width, height }: Rectangle, grid: number): number[] =>
  Array.from({ length: width * height }, (_, i) => (y + Math.floor(i / width)) * grid + x + (i % width));

/** The squares that patches cover, in pixels of a picture of that size. */
export function patchBoxes(size: number, grid: number, patches: readonly number[]): Box[] {
  const side = Math.floor(size / grid);
  return patches.map((patch) => {
    const [x, y] = [(patch % grid) * side, Math.floor(patch / grid) * side];
    return { x0: x, y0: y, x1: x + side, y1: y + side };
  });
}

/** The picture with some patches replaced by its mean colour: what the model knows without them. */
export function withoutPatches(picture: Picture, grid: number, patches: readonly number[]): Picture {
  return withoutBoxes(picture, patchBoxes(picture.size, grid, patches));
}

/**
 * The picture with its mean colour in some rectangles (as in ROAD, Rong et al. 2022, the fill must not itself look like an object).
 * @param boxes in pixels of the square; what lies outside is left out
 * @param of how large that square is: the same in another resolution where it is not the picture's own
 */
export function withoutBoxes<P extends Pick<Picture, 'size' | 'rgb'>>(
  picture: P,
  boxes: readonly Box[],
  of: number = picture.size,
): P {
  const { size } = picture;
  const scaled = (side: number): number => Math.round((side * size) / of);
  const rgb = picture.rgb.slice();
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < rgb.length; i += 3) sum += rgb[i]!;
    return Math.round((3 * sum) / rgb.length);
  });
  for (const { x0, y0, x1, y1 } of boxes) {
    for (let y = Math.max(0, scaled(y0)); y < Math.min(size, scaled(y1)); y++) {
      for (let x = Math.max(0, scaled(x0)); x < Math.min(size, scaled(x1)); x++) rgb.set(mean, (y * size + x) * 3);
    }
  }
  return { ...picture, rgb };
}
