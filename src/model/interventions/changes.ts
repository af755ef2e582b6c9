import { placeName } from '../architecture/places.js';
import type { ModelConfig } from '../config/config.js';
import type { Activation, Block, Change } from '../engine/network.js';
import { placeOf, type Site, towerOf } from './sites.js';

/** Means of what is at places, by `placeName`: one number for each of the width. */
export type Means = ReadonlyMap<string, Float32Array>;

/**
 * Changes that take sites out of a network: what each gives becomes zero, or its mean.
 * @param rows for each entry of a batch the sites that it goes without; one entry serves a batch of any size
 * @param means as `meanActivations` gives them; zero is put in where none are given
 */
export function ablations(rows: readonly (readonly Site[])[], config: ModelConfig, means?: Means): Change[] {
  const byPlace = new Map<string, { change: Change; width: number }>();
  const blockOf = (width: number, value: number): Block => {
    return { data: new Float32Array(rows.length * width).fill(value), shape: [rows.length, 1, width] };
  };
  for (const [row, sites] of rows.entries()) {
    for (const site of sites) {
      const place = placeOf(site, config);
      const name = placeName(place);
      const { width, heads } = towerOf(site, config);
      let entry = byPlace.get(name);
      if (entry === undefined) {
        entry = { change: { ...place, scale: blockOf(width, 1), offset: blockOf(width, 0) }, width };
        byPlace.set(name, entry);
      }
      const depth = width / heads;
      const [from, to] = site.head === undefined ? [0, width] : [site.head * depth, (site.head + 1) * depth];
      const { scale, offset } = entry.change;
      scale.data.fill(0, row * width + from, row * width + to);
      if (means) offset.data.set(means.get(name)!.subarray(from, to), row * width + from);
    }
  }
  return [...byPlace.values()].map(({ change }) => change);
}

/** The same changes for runs of `count` rows of one entry, in place of the entries of a batch: for the copies of a caption. */
export function alongRows(changes: readonly Change[], count: number): readonly Change[] {
  const spread = ({ data, shape: [batch, rows, width] }: Block): Block => {
    const spreadData = new Float32Array(batch * count * width);
    for (let row = 0; row < batch * count; row++) {
      const from = Math.floor(row / count) * rows * width;
      spreadData.set(data.subarray(from, from + width), row * width);
    }
    return { data: spreadData, shape: [1, batch * count, width] };
  };
  return changes.map(({ scale, offset, ...place }) => ({ ...place, scale: spread(scale), offset: spread(offset) }));
}

/** A change that puts what was at a place in another run back at some rows: other ones for each entry of the batch. */
export function putBack(
  { data, shape: [, rows, width], part, name, layer }: Activation,
  back: readonly (readonly number[])[],
): Change {
  const scale: Block = { data: new Float32Array(back.length * rows).fill(1), shape: [back.length, rows, 1] };
  const offset: Block = { data: new Float32Array(back.length * rows * width), shape: [back.length, rows, width] };
  for (const [entry, some] of back.entries()) {
    for (const row of some) {
      scale.data[entry * rows + row] = 0;
      offset.data.set(data.subarray(row * width, (row + 1) * width), (entry * rows + row) * width);
    }
  }
  return { part, name, layer, scale, offset };
}

/** One change after another at the same place: ((x s1 + o1) s2 + o2). */
function composed(first: Change, second: Change): Change {
  const scale = combined(first.scale, second.scale, (a, b) => a * b);
  const carried = combined(first.offset, second.scale, (a, b) => a * b);
  return { ...first, scale, offset: combined(carried, second.offset, (a, b) => a + b) };
}

/** Elementwise, each side of one length or 1. */
function combined(a: Block, b: Block, operate: (a: number, b: number) => number): Block {
  const shape = a.shape.map((side, axis) => Math.max(side, b.shape[axis]!)) as [number, number, number];
  const [batch, rows, width] = shape;
  const data = new Float32Array(batch * rows * width);
  const at = ({ shape: own }: Block, ...place: readonly number[]) =>
    place.reduce((index, i, axis) => index * own[axis]! + (own[axis] === 1 ? 0 : i), 0);
  let i = 0;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < width; k++) data[i++] = operate(a.data[at(a, n, row, k)]!, b.data[at(b, n, row, k)]!);
    }
  }
  return { data, shape };
}

/** Changes of which those at one place are made in their order: at most one a place. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  const byPlace = new Map<string, Change>();
  for (const change of changes) {
    const name = placeName(change);
    const before = byPlace.get(name);
    byPlace.set(name, before ? composed(before, change) : change);
  }
  return [...byPlace.values()];
}
