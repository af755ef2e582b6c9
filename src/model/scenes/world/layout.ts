import type { Random } from '../../base/random.js';
import { type Group, kindOf, type SceneContent, type Size } from './content.js';
import { asPair } from './grammar.js';
import { THINGS } from './things.js';

/** Layouts are drawn on a square of this side and scaled to whatever size the picture gets. */
export const CANVAS = 96;

/** One thing in its place. Its picture fills a square; what turning carries beyond it is cut off. */
export interface Placement {
  /** Index in `THINGS`. */
  readonly thing: number;
  /** Upper left corner and side of the square, on the canvas. */
  readonly x: number;
  readonly y: number;
  readonly side: number;
  /** Radians, clockwise. */
  readonly turn: number;
  readonly mirrored: boolean;
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MARGIN = 2;
const FREE: Area = { x: MARGIN, y: MARGIN, width: CANVAS - 2 * MARGIN, height: CANVAS - 2 * MARGIN };

/** Sides of a single thing. */
const SIDES: Readonly<Record<Size, readonly [number, number]>> = { small: [22, 32], medium: [40, 54], large: [68, 88] };
/** Sides of one of a pair, where its half has room. */
const PAIR_SIDES = [28, 46] as const;
/** Where a pair's halves meet, on either side of the middle. */
export const SPLIT = 6;
/** Part of its cell that one of several fills. */
const CELL_PART = [0.78, 0.98] as const;
const TURN = (15 * Math.PI) / 180;

/** Places everything that a scene shows. */
export function layOut(content: SceneContent, random: Random): Placement[] {
  const { groups, relation, size } = content;
  switch (kindOf(groups)) {
    case 'single':
      return [place(groups[0]!.thing, random.between(...SIDES[size!]), FREE, random)];
    case 'count':
      return placeInCells(groups[0]!, cells(FREE, 2, 2), random);
    case 'pair':
      return placePair(asPair(groups), relation === 'left', random);
  }
}

function placePair(groups: readonly [Group, Group], sideBySide: boolean, random: Random): Placement[] {
  const middle = CANVAS / 2 + random.between(-SPLIT, SPLIT);
  return groups.flatMap((group, i) => {
    const half = halfOf(middle, sideBySide, i === 0);
    if (group.count > 1) {
      const grid = sideBySide ? cells(half, 1, group.count) : cells(half, group.count, 1);
      return placeInCells(group, grid, random);
    }
    const [least, most] = PAIR_SIDES;
    return [place(group.thing, random.between(least, Math.min(most, half.width, half.height)), half, random)];
  });
}

/** The part of the free area before or behind the line where the halves meet. */
function halfOf(middle: number, sideBySide: boolean, isFirst: boolean): Area {
  const from = isFirst ? MARGIN : middle;
  const length = (isFirst ? middle : CANVAS - MARGIN) - from;
  return sideBySide ? { ...FREE, x: from, width: length } : { ...FREE, y: from, height: length };
}

function cells({ x, y, width, height }: Area, columns: number, rows: number): Area[] {
  const [w, h] = [width / columns, height / rows];
  return Array.from({ length: columns * rows }, (_, i) => ({
    x: x + (i % columns) * w,
    y: y + Math.floor(i / columns) * h,
    width: w,
    height: h,
  }));
}

function placeInCells({ thing, count }: Group, grid: readonly Area[], random: Random): Placement[] {
  return random.some(grid, count).map((cell) => {
    const side = random.between(...CELL_PART) * Math.min(cell.width, cell.height);
    return place(thing, side, cell, random);
  });
}

function place(thing: number, side: number, area: Area, random: Random): Placement {
  return {
    thing,
    side,
    x: area.x + random.unit() * (area.width - side),
    y: area.y + random.unit() * (area.height - side),
    turn: random.between(-TURN, TURN),
    mirrored: random.chance(0.5) && !THINGS[thing]!.singular.endsWith(' circle'),
  };
}

/** A placement at the same height, `part` (0 to 1) of the way from the left edge of the free area to the right one. */
export function acrossFree(placement: Placement, part: number): Placement {
  return { ...placement, x: FREE.x + part * (FREE.width - placement.side) };
}

/** The square of a placement in a picture of `size` pixels a side: whole pixels, the upper left one and the side. */
export function pixelSquare({ x, y, side }: Placement, size: number): { left: number; top: number; side: number } {
  const scale = size / CANVAS;
  const length = Math.max(1, Math.round(side * scale));
  const within = (at: number) => Math.min(Math.round(at * scale), size - length);
  return { left: within(x), top: within(y), side: length };
}
