import type { Picture } from '../image/picture.js';
import { peakOf } from './maps.js';

/** A rectangle in source pixels; x1 and y1 are its far edges. */
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

/**
 * The picture with some patches replaced by its mean colour: what the model knows without them (as in ROAD, Rong et al.
 * 2022, the fill must not itself look like an object).
 */
export function withoutPatches(picture: Picture, grid: number, patches: readonly number[]): Picture {
  const { size } = picture;
  const rgb = picture.rgb.slice();
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < rgb.length; i += 3) sum += rgb[i]!;
    return Math.round((3 * sum) / rgb.length);
  });
  const side = Math.floor(size / grid);
  for (const patch of patches) {
    for (let row = 0; row < side; row++) {
      const start = ((Math.floor(patch / grid) * side + row) * size + (patch % grid) * side) * 3;
      for (let i = 0; i < side * 3; i++) rgb[start + i] = mean[i % 3]!;
    }
  }
  return { ...picture, rgb };
}
