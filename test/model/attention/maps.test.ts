import { describe, expect, test } from 'vitest';
import { AttentionMaps, entropyOf, measureFrames, measureMap, peakOf } from '../../../src/model/attention/maps.js';
import { type AttentionLayer, collectAttention, type RawAttention } from '../../../src/model/attention/raw.js';
import type { CocaConfig } from '../../../src/model/config/config.js';
import { ROOT } from '../../../src/model/decoding/types.js';
import type { Attention } from '../../../src/model/engine/network.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { GOLDEN_MODELS, golden, worstError } from '../../support/golden.js';

const layer = (heads: number, rows: readonly (readonly number[])[]): AttentionLayer => {
  const queries = rows.length / heads;
  return { heads, queries, keys: rows[0]!.length, data: Float32Array.from(rows.flat()) };
};
/** Every row looks at itself. */
const identity = (size: number) => Array.from({ length: size ** 2 }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
const configOf = (attentional_pool: CocaConfig['vision']['attentional_pool'], pool_type = 'tok') =>
  ({ vision: { attentional_pool, pool_type } }) as CocaConfig;

/** Two patches... of a 2 x 2 grid: one class token and four patches; three pooler queries; two image tokens. */
const POOLED: RawAttention = {
  grid: 2,
  ids: [9, 5, 8],
  logprobs: [-1, -2],
  vision: [
    layer(1, [
      [1, 0, 0, 0, 0],
      [0, 0, 1, 0, 0], // patch 0 looks at patch 1
      [0, 0, 1, 0, 0],
      [0, 0, 0, 1, 0],
      [1, 0, 0, 0, 0], // patch 3 looks at the class token
    ]),
  ],
  pooler: layer(1, [
    [0, 0.25, 0.25, 0.25, 0.25], // the embedding's query
    [0.5, 0.5, 0, 0, 0],
    [0, 0, 0, 0.5, 0.5],
  ]),
  contrastive: null,
  text: [],
  decoderSelf: [],
  cross: [
    layer(2, [
      [1, 0], // head 0, row 0: the first image token, that is query 1
      [0, 1],
      [0.5, 0.5], // head 1
      [0.5, 0.5],
    ]),
  ],
};

describe('clips', () => {
  /** The model of POOLED over two frames: its queries attend ten encoder outputs, class tokens among them. */
  const CLIP: RawAttention = {
    ...POOLED,
    frames: 2,
    pooler: layer(1, [
      [0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1],
      [0.5, 0.3, 0, 0, 0, 0, 0, 0.2, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0.25, 0.75],
    ]),
    vision: [{ ...POOLED.vision[0]!, data: Float32Array.from([...POOLED.vision[0]!.data, ...identity(5)]) }],
  };
  const cross = { method: 'cross', layer: 'mean', head: 0 } as const;

  test('a map lies over the patches of all frames, without their class tokens, and sums to 1', () => {
    const maps = new AttentionMaps(CLIP, configOf(true));
    expect(maps.frames).toBe(2);
    // Query 1: its half on the first class token is left out.
    expect([...maps.ofRows([0], cross)].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0, 0, 0, 0, 0.4, 0, 0]);
    expect([...maps.ofRows([1], cross)]).toEqual([0, 0, 0, 0, 0, 0, 0.25, 0.75]);
    const embedding = maps.ofEmbedding('cross');
    expect(embedding).toHaveLength(8);
    expect(embedding[0]).toBeCloseTo(1 / 8, 6);
  });

  test('rollout goes through the vision tower of each frame by itself', () => {
    const maps = new AttentionMaps(CLIP, configOf(true));
    const rolled = maps.ofRows([0], { ...cross, method: 'rollout' });
    // Frame 0: half of what patch 0 has goes to patch 1 (and the class token's to itself); frame 1 attends itself.
    expect([...rolled].map((value) => Number(value.toFixed(6)))).toEqual([0.3, 0.3, 0, 0, 0, 0.4, 0, 0]);
  });

  test('without a pooler, image tokens of all frames follow each other', () => {
    const raw: RawAttention = { ...CLIP, pooler: null, cross: [layer(1, [[0, 0.1, 0, 0, 0, 0, 0.9, 0]])] };
    const maps = new AttentionMaps(raw, configOf(false));
    expect([...maps.ofRows([0], cross)].map((value) => Number(value.toFixed(6)))).toEqual([0, 0.1, 0, 0, 0, 0, 0.9, 0]);
    // The class token's own look at each frame: at itself, then at nothing else.
    expect(maps.ofEmbedding('cross')).toHaveLength(8);
  });

  test('figures frame by frame', () => {
    const { frames, shares, peakFrame } = measureFrames(Float32Array.of(0.1, 0.2, 0, 0, 0, 0, 0, 0.7), 2);
    expect(peakFrame).toBe(1);
    expect(shares.map((share) => Number(share.toFixed(6)))).toEqual([0.3, 0.7]);
    expect(frames.map(({ peak }) => peak)).toEqual([
      { x: 0.75, y: 0.25 },
      { x: 0.75, y: 0.75 },
    ]);
    // Both are drawn relative to the highest patch of all.
    expect(frames.map(({ highest }) => highest)).toEqual([frames[1]!.map[3], frames[1]!.map[3]]);
    expect(frames[0]!.entropy).toBeCloseTo(entropyOf(Float32Array.of(0.1, 0.2, 0.7)), 6);
  });

  test('vision layers that were reported for some frames at a time are put in their order', () => {
    const part = (layerIndex: number, values: number[]): Attention => {
      return { name: 'vision', layer: layerIndex, data: Float32Array.from(values), shape: [values.length, 1, 1, 1] };
    };
    const reported = [part(0, [1, 2]), part(1, [5, 6]), part(0, [3]), part(1, [7])];
    const config = { vision: { image_size: 8, patch_size: 8 } } as CocaConfig;
    const raw = collectAttention(config, reported, [], []);
    expect(raw.frames).toBe(3);
    expect(raw.vision.map(({ data }) => [...data])).toEqual([
      [1, 2, 3],
      [5, 6, 7],
    ]);
  });
});

describe('measures', () => {
  test.each<[string, number[], boolean]>([
    ['an even spread', [1, 1, 1, 1], true],
    ['a peak of 1.9 even shares', [1.9, 0.7, 0.7, 0.7], true],
    ['a peak of 2 even shares', [2, 0.5, 0.75, 0.75], false],
    ['one patch', [4, 0, 0, 0], false],
  ])('%s', (_, shares, isFlat) => {
    expect(
      measureMap(
        Float32Array.from(shares, (share) => share / 4),
        2,
      ).isFlat,
    ).toBe(isFlat);
  });
});

describe('maps by hand', () => {
  const maps = new AttentionMaps(POOLED, configOf(true));
  const of = (rows: number[], head: number | 'mean', method: 'cross' | 'rollout' = 'cross') =>
    [...maps.ofRows(rows, { method, layer: 'last', head })].map((value) => Math.round(value * 1e6) / 1e6);

  test('a token is its pooler query, without the class token', () => {
    expect(of([0], 0)).toEqual([1, 0, 0, 0]); // the class token's half is left out
    expect(of([1], 0)).toEqual([0, 0, 0.5, 0.5]);
  });

  test('heads and rows are averaged before the class token is left out', () => {
    // Encoder outputs: head 1 gives [.25, .25, 0, .25, .25]; without the class token a third each.
    expect(of([0], 1)).toEqual([0.333333, 0, 0.333333, 0.333333]);
    // Mean of heads, row 0: [.375, .375, 0, .125, .125]
    expect(of([0], 'mean')).toEqual([0.6, 0, 0.2, 0.2]);
    expect(of([0, 1], 0)).toEqual([0.333333, 0, 0.333333, 0.333333]);
  });

  test('rollout goes half by the residual path and half by attention', () => {
    // Row 1, head 0: outputs 3 and 4 at one half each. Patch 2 stays; patch 3 keeps a half, the rest goes to the class.
    expect(of([1], 0, 'rollout')).toEqual([0, 0, 0.666667, 0.333333]);
    // Row 0, head 0: class token and patch 0 at one half each; patch 0 gives half of its own to patch 1.
    expect(of([0], 0, 'rollout')).toEqual([0.5, 0.5, 0, 0]);
  });

  test('gradient keeps of the attention what raises the word, in proportion to how much', () => {
    const raw: RawAttention = {
      ...POOLED,
      crossGradient: [
        layer(2, [
          [-1, 5], // head 0, row 0: attends only what speaks against the word
          [3, 2],
          [1, 3], // head 1
          [-1, -1],
        ]),
      ],
    };
    const raised = new AttentionMaps(raw, configOf(true));
    const map = (rows: number[], head: number | 'mean') =>
      [...raised.ofRows(rows, { method: 'gradient', layer: 0, head })].map((value) => Math.round(value * 1e4) / 1e4);
    // Row 0, head 1: image tokens at .5 x 1 and .5 x 3; encoder outputs [.25, .25, 0, .75, .75].
    expect(map([0], 1)).toEqual([0.1429, 0, 0.4286, 0.4286]);
    expect(map([0], 'mean')).toEqual(map([0], 1)); // head 0 has nothing to add
    expect(map([1], 'mean')).toEqual([0, 0, 0.5, 0.5]);
    expect(map([0], 0)).toEqual([0.25, 0.25, 0.25, 0.25]); // nothing speaks for the word
    expect(raised.methods).toEqual(['cross', 'rollout', 'gradient']);
  });

  test('without gradients there is no such method', () => {
    expect(maps.methods).toEqual(['cross', 'rollout']);
    expect(() => maps.ofRows([0], { method: 'gradient', layer: 'mean', head: 'mean' })).toThrow(/not computed/);
  });

  test('occlusion is what all rows together lose, gains left out; it has no layers and heads', () => {
    const falls = Float32Array.of(1, -2, 0, 3, /* row 1 */ -0.5, 0, 0, 1);
    const blanked = new AttentionMaps(POOLED, configOf(true), { window: 1, passes: 4, falls });
    const map = (rows: number[], layer: number | 'mean' = 'mean') => [
      ...blanked.ofRows(rows, { method: 'occlusion', layer, head: 'mean' }),
    ];
    expect(map([0])).toEqual([0.25, 0, 0, 0.75]);
    expect(map([1], 7)).toEqual([0, 0, 0, 1]);
    expect(map([0, 1]).map((value) => Math.round(value * 1e4) / 1e4)).toEqual([0.1111, 0, 0, 0.8889]);
    expect(blanked.methods).toEqual(['cross', 'rollout', 'occlusion']);
    expect(() => maps.ofRows([0], { method: 'occlusion', layer: 'mean', head: 'mean' })).toThrow(/not computed/);
  });

  test('the embedding is query 0', () => {
    expect([...maps.ofEmbedding('cross')]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test('pooled by the mean, the embedding is every other query in equal parts', () => {
    const mean = new AttentionMaps(POOLED, configOf(true, 'avg')).ofEmbedding('cross');
    expect([...mean].map((value) => Math.round(value * 1000) / 1000)).toEqual([0.333, 0, 0.333, 0.333]);
  });

  test('a cascade reads the embedding through the generative pooler, a parallel pooler directly', () => {
    const contrastive = layer(1, [[0, 1, 0]]);
    const cascade = new AttentionMaps({ ...POOLED, contrastive }, configOf('cascade'));
    expect([...cascade.ofEmbedding('cross')]).toEqual([1, 0, 0, 0]);
    const direct = layer(1, [[0.2, 0, 0.8, 0, 0]]);
    const parallel = new AttentionMaps({ ...POOLED, contrastive: direct }, configOf('parallel'));
    expect([...parallel.ofEmbedding('cross')]).toEqual([0, 1, 0, 0]);
  });

  test('without a pooler, cross-attention is the map, and the class token is the embedding', () => {
    const raw: RawAttention = { ...POOLED, pooler: null, cross: [layer(1, [[0.1, 0.2, 0.3, 0.4]])] };
    const plain = new AttentionMaps(raw, configOf(false));
    const map = plain.ofRows([0], { method: 'cross', layer: 0, head: 0 });
    expect(worstError(map, [0.1, 0.2, 0.3, 0.4])).toBeLessThan(1);
    const vision = [
      layer(
        1,
        Array.from({ length: 5 }, () => [0.2, 0, 0.6, 0.2, 0]),
      ),
    ];
    const embedding = new AttentionMaps({ ...raw, vision }, configOf(false)).ofEmbedding('cross');
    expect(worstError(embedding, [0, 0.75, 0.25, 0])).toBeLessThan(1);
  });

  test('a layer or head that is not there is refused with the range', () => {
    expect(() => maps.ofRows([0], { method: 'cross', layer: 1, head: 0 })).toThrow(/no layer 1: the model has 0 to 0/);
    expect(() => maps.ofRows([0], { method: 'cross', layer: 0, head: 2 })).toThrow(/no head 2: the model has 0 to 1/);
  });
});

test('the peak is the centre of the highest patch; entropy is 0 for one patch and ln P for an even spread', () => {
  expect(peakOf(Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0), 3)).toEqual({ x: 0.5 / 3, y: 0.5 });
  expect(entropyOf(Float32Array.of(0, 1, 0, 0))).toBeCloseTo(0, 12);
  expect(entropyOf(new Float32Array(16).fill(1 / 16))).toBeCloseTo(Math.log(16), 5);
});

describe.each(GOLDEN_MODELS)('maps of the %s model', (name) => {
  test('every layer, head, method and row sums to 1; cross is the product of what OpenCLIP computes', async () => {
    const reference = await golden(name);
    const network = await OnnxNetwork.open(reference.config, reference, 'cpu');
    const { data: pixels, shape } = await reference.expected('pixel_values');
    const seen: Attention[] = [];
    const image = pixels.slice(0, pixels.length / shape[0]!);
    const { tokens } = await network.encodeImages(image, 1, { onAttention: (attention) => seen.push(attention) });
    const trees = await network.openTrees(tokens, { onAttention: (attention) => seen.push(attention) });
    const ids = [...(await reference.texts())[0]!];
    await trees.extend([ids.map((token, node) => ({ node, parent: node === 0 ? ROOT : node - 1, token }))]);
    const raw = collectAttention(reference.config, seen, ids, []);
    const maps = new AttentionMaps(raw, reference.config);
    for (const method of ['cross', 'rollout'] as const) {
      expect(maps.ofEmbedding(method).reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
      for (let l = 0; l < maps.layers; l++) {
        for (let head = 0; head < maps.heads; head++) {
          for (const row of [0, 3, ids.length - 1]) {
            const map = maps.ofRows([row], { method, layer: l, head });
            expect(map).toHaveLength(maps.grid ** 2);
            expect(map.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
            expect(Math.min(...map)).toBeGreaterThanOrEqual(0);
          }
        }
      }
    }

    // By hand from the reference: image 0, layer 0, head 1, row 2.
    const cross = await reference.expected('attn.cross'); // [B, layer, head, query, key]
    const [, layers, , queries, keys] = cross.shape as [number, number, number, number, number];
    expect(layers).toBe(maps.layers);
    const weights = cross.data.subarray((queries + 2) * keys, (queries + 3) * keys);
    let expected = Float64Array.from(weights);
    const pooling = reference.config.vision.attentional_pool;
    if (pooling) {
      const pooler = await reference.expected('attn.pooler.0'); // [B, head, Q, 1 + P]
      const [, heads, q, k] = pooler.shape as [number, number, number, number];
      expected = new Float64Array(k - 1);
      const first = pooling === true ? 1 : 0;
      for (let h = 0; h < heads; h++) {
        for (let s = 0; s < keys; s++) {
          for (let p = 1; p < k; p++) {
            expected[p - 1]! += (weights[s]! * pooler.data[(h * q + first + s) * k + p]!) / heads;
          }
        }
      }
    }
    const sum = expected.reduce((total, value) => total + value);
    const actual = maps.ofRows([2], { method: 'cross', layer: 0, head: 1 });
    expect(
      worstError(
        actual,
        expected.map((value) => value / sum),
      ),
    ).toBeLessThan(1);
    await network.release();
  });
});
