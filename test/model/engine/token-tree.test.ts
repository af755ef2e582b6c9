import { describe, expect, test } from 'vitest';
import { ROOT } from '../../../src/model/decoding/types.js';
import { GROWTH, LayerCache } from '../../../src/model/engine/onnx/key-value-cache.js';
import { fillTextMask, TokenTree } from '../../../src/model/engine/token-tree.js';

const PAD = 0;
const visible = (mask: Float32Array) => Array.from(mask, (value) => (value === 0 ? 1 : 0));

/** 0 -> 1 -> 3, and 0 -> 2: a stem and two branches; token 0 is the padding id. */
function branched(correct: boolean) {
  const tree = new TokenTree(8, { padId: PAD, correct });
  tree.add([{ node: 0, parent: ROOT, token: 9 }]);
  tree.add([
    { node: 1, parent: 0, token: PAD },
    { node: 2, parent: 0, token: 5 },
  ]);
  tree.add([{ node: 3, parent: 1, token: 6 }]);
  return tree;
}

describe('masks of a token tree', () => {
  // Capacity 4 in the cache, then the rows of the call, the first of which is node 3.
  const masksOf = (correct: boolean) => {
    const unimodal = new Float32Array(5);
    const multimodal = new Float32Array(5);
    branched(correct).fillMasks(3, { firstSlot: 3, capacity: 4 }, unimodal, multimodal);
    return { unimodal: visible(unimodal), multimodal: visible(multimodal) };
  };

  test('a row sees its ancestors and itself, not the other branch', () => {
    expect(masksOf(false).multimodal).toEqual([1, 1, 0, 0, 1]);
  });

  test('released weights hide the key after a padding id from the unimodal half', () => {
    expect(masksOf(false).unimodal).toEqual([1, 1, 0, 0, 0]);
  });

  test('with correct_cls_mask the padding id itself is hidden', () => {
    expect(masksOf(true).unimodal).toEqual([1, 0, 0, 0, 1]);
  });

  test('what is retained moves to the first slots, and nothing can follow what is not', () => {
    const tree = branched(false);
    expect(tree.retain([0, 2])).toEqual([0, 2]);
    expect(tree.used).toBe(2);
    tree.add([{ node: 4, parent: 2, token: 6 }]);
    const mask = new Float32Array(5);
    tree.fillMasks(4, { firstSlot: 2, capacity: 4 }, new Float32Array(5), mask);
    expect(visible(mask)).toEqual([1, 1, 0, 0, 1]);
    expect(() => tree.add([{ node: 5, parent: 1, token: 6 }])).toThrow(RangeError);
  });

  test('with the rows within the cache, each key is where its slot is', () => {
    const mask = new Float32Array(5);
    branched(false).fillMasks(3, { firstSlot: 5, capacity: 5 }, new Float32Array(5), mask);
    expect(visible(mask)).toEqual([1, 1, 0, 1, 0]);
  });

  test('positions count from the root along each branch', () => {
    const tree = branched(false);
    expect([0, 1, 2, 3].map((node) => tree.position(node))).toEqual([0, 1, 1, 2]);
  });

  test('a branch longer than the context is refused, as are nodes out of order', () => {
    const tree = new TokenTree(2, { padId: PAD, correct: false });
    tree.add([
      { node: 0, parent: ROOT, token: 1 },
      { node: 1, parent: 0, token: 1 },
    ]);
    expect(() => tree.add([{ node: 2, parent: 1, token: 1 }])).toThrow(/does not fit the context of 2/);
    expect(() => tree.add([{ node: 5, parent: 0, token: 1 }])).toThrow(RangeError);
    expect(() => tree.add([{ node: 2, parent: 2, token: 1 }])).toThrow(RangeError);
  });
});

describe('the mask of a whole text, CLS last', () => {
  const maskOf = (ids: number[], full: boolean, correct: boolean) => {
    const side = ids.length + 1;
    const mask = new Float32Array(side * side);
    fillTextMask(ids, full, { padId: PAD, correct }, mask);
    return Array.from({ length: side }, (_, row) => visible(mask.subarray(row * side, (row + 1) * side)).join(''));
  };

  test('correct: causal, padding hidden, CLS seen by itself', () => {
    expect(maskOf([7, 8, PAD], false, true)).toEqual(['1000', '1100', '1100', '1101']);
  });

  test('as released: one place too far right, CLS hidden unless the text fills the context', () => {
    expect(maskOf([7, 8, PAD], false, false)).toEqual(['1000', '1100', '1110', '1110']);
    expect(maskOf([7, 8, 9], true, false)).toEqual(['1000', '1100', '1110', '1111']);
    expect(maskOf([7, 8, PAD], true, false)).toEqual(['1000', '1100', '1110', '1110']);
  });
});

describe('key and value cache of a layer', () => {
  test('compacting keeps the chosen slots of one batch entry in order and leaves the other alone', () => {
    const cache = new LayerCache(2, 1, 1);
    cache.reserve(5, 0);
    for (let slot = 0; slot < 5; slot++) {
      for (const entry of [0, 1]) {
        cache.write(entry, slot, Float32Array.of(slot, 10 + slot), Float32Array.of(-slot, -10 - slot), 1);
      }
    }
    cache.compact(0, [0, 3, 4]);
    expect([...cache.keys.subarray(0, 3)]).toEqual([0, 3, 4]);
    expect([...cache.values.subarray(0, 3)]).toEqual([-0, -3, -4]);
    expect([...cache.keys.subarray(cache.capacity, cache.capacity + 5)]).toEqual([10, 11, 12, 13, 14]);
  });

  test('takes several rows at once, of each entry as many as it has', () => {
    const cache = new LayerCache(2, 2, 1);
    cache.reserve(4, 0);
    // [B, H, N, D] with N = 3
    const rows = Float32Array.from({ length: 12 }, (_, i) => i + 1);
    cache.write(0, 1, rows, rows, 3);
    cache.write(1, 2, rows, rows, 1);
    const plane = (at: number) => [...cache.keys.subarray(at * cache.capacity, at * cache.capacity + 4)];
    expect([0, 1, 2, 3].map(plane)).toEqual([
      [0, 1, 2, 3],
      [0, 4, 5, 6],
      [0, 0, 7, 0],
      [0, 0, 10, 0],
    ]);
  });

  test('has its room again after it was cleared', () => {
    const cache = new LayerCache(1, 1, 1);
    cache.reserve(GROWTH, 0);
    const { buffer } = cache.keys;
    cache.clear();
    expect(cache.capacity).toBe(0);
    cache.reserve(1, 0);
    expect(cache.capacity).toBe(GROWTH);
    expect(cache.keys.buffer).toBe(buffer);
  });

  test('keeps what was written as it grows, each batch entry and head in its place', () => {
    const [batch, heads, depth] = [2, 3, 4];
    const cache = new LayerCache(batch, heads, depth);
    const rows = (offset: number) => Float32Array.from({ length: batch * heads * depth }, (_, i) => offset + i); // [B, H, 1, D]
    const slots = 2 * GROWTH + 3;
    for (let slot = 0; slot < slots; slot++) {
      cache.reserve(slot + 1, slot);
      for (let entry = 0; entry < batch; entry++) cache.write(entry, slot, rows(1000 * slot), rows(-1000 * slot), 1);
    }
    expect(cache.capacity).toBeGreaterThanOrEqual(slots);
    for (let entry = 0; entry < batch; entry++) {
      for (let head = 0; head < heads; head++) {
        for (let slot = 0; slot < slots; slot++) {
          const at = ((entry * heads + head) * cache.capacity + slot) * depth;
          const first = (entry * heads + head) * depth;
          expect([...cache.keys.subarray(at, at + depth)]).toEqual([0, 1, 2, 3].map((d) => 1000 * slot + first + d));
          expect(cache.values[at]).toBe(-1000 * slot + first);
        }
      }
    }
  });
});
