import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type BlockStyle, crossAttentionBlock, selfAttentionBlock } from '../../../src/model/architecture/blocks.js';
import type { BlockOps } from '../../../src/model/architecture/ops.js';
import { WayBack } from '../../../src/model/architecture/way-back.js';
import { nextRandom, seedRandom } from '../../../src/model/base/random.js';
import { openBackend } from '../../../src/model/engine/tfjs/backends.js';
import { concat, sliceAxis } from '../../../src/model/engine/tfjs/functions/shape.js';
import { TfjsGradientOps } from '../../../src/model/engine/tfjs/gradient-ops.js';
import type { Parameters } from '../../../src/model/engine/tfjs/parameters.js';
import { worstError } from '../../support/golden.js';
import { TFJS_TEST_DEVICES, tolerance } from '../../support/tfjs.js';

const [device] = TFJS_TEST_DEVICES;
const { tf } = await openBackend(device!);
const [ROWS, KEYS, WIDTH, HEADS] = [4, 3, 6, 2];

let state = seedRandom(11, 0);
/** Numbers between -1 and 1. */
function random(...shape: number[]): Tensor {
  const values = Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => {
    const next = nextRandom(state);
    state = next.state;
    return 2 * next.value - 1;
  });
  return tf.tensor(values, shape);
}

/** Random weights, made as they are first asked for. */
class RandomParameters implements Parameters {
  private readonly tensors = new Map<string, Tensor>();

  get(name: string, rows?: readonly [start: number, end: number]): Tensor {
    let whole = this.tensors.get(name);
    if (whole === undefined) {
      whole = tf.keep(random(...shapeOf(name)));
      this.tensors.set(name, whole);
    }
    return rows ? sliceAxis(tf, whole, 0, ...rows) : whole;
  }

  isTransposed(): boolean {
    return false;
  }
}

function shapeOf(name: string): number[] {
  if (name.endsWith('in_proj_weight')) return [3 * WIDTH, WIDTH];
  if (name.endsWith('in_proj_bias')) return [3 * WIDTH];
  if (name.endsWith('out_proj.weight')) return [WIDTH, WIDTH];
  if (name.endsWith('c_fc.weight')) return [4 * WIDTH, WIDTH];
  if (name.endsWith('c_fc.bias')) return [4 * WIDTH];
  if (name.endsWith('c_proj.weight')) return [WIDTH, 4 * WIDTH];
  return [WIDTH];
}

const image = { keys: random(1, HEADS, KEYS, WIDTH / HEADS), values: random(1, HEADS, KEYS, WIDTH / HEADS) };

/** A block with self-attention and one with cross-attention. No mask: a row's own gradient does not ask for one. */
function blocks<T>(ops: BlockOps<T>, x: T, style: BlockStyle, memory: { readonly keys: T; readonly values: T }): T {
  const self = selfAttentionBlock(ops, 'self', x, style, {}, { name: 'decoder_self', layer: 0, watch: undefined });
  return crossAttentionBlock(ops, 'cross', self.x, style, memory, { name: 'cross', layer: 0, watch: undefined });
}

describe.each([
  { activation: 'gelu', norm_eps: 1e-5, layerScale: false },
  { activation: 'quick_gelu', norm_eps: 1e-5, layerScale: true },
  { activation: 'gelu_tanh', norm_eps: 1e-6, layerScale: false },
] as const)('$activation, $layerScale LayerScale', (kind) => {
  const style = { ...kind, heads: HEADS, width: WIDTH };
  const ops = new TfjsGradientOps(tf, new RandomParameters());
  const x = random(1, ROWS, WIDTH);
  const g = random(1, ROWS, WIDTH);

  test('gives each row the gradient by itself, the others being constants', async () => {
    const sites: string[] = [];
    const wayBack = new WayBack(ops, ({ name }) => sites.push(name));
    const start = wayBack.constant(x);
    const memory = { keys: wayBack.constant(image.keys), values: wayBack.constant(image.values) };
    const out = blocks(wayBack, start, style, memory);
    expect(worstError(await out.value.data(), await blocks(ops, x, style, image).data())).toBeLessThan(0.1);
    out.gradient = g;
    wayBack.goBack(() => false);
    expect(sites).toEqual(['cross', 'decoder_self']);

    for (let row = 0; row < ROWS; row++) {
      const rowOf = (of: Tensor) => sliceAxis(tf, of, 1, row, row + 1);
      const outcome = (own: Tensor): Tensor => {
        const upTo = row === 0 ? own : concat(tf, sliceAxis(tf, x, 1, 0, row), own, 1);
        const all = row === ROWS - 1 ? upTo : concat(tf, upTo, sliceAxis(tf, x, 1, row + 1, ROWS), 1);
        return rowOf(blocks(ops, all, style, image));
      };
      const expected = await tf.grad(outcome)(rowOf(x), rowOf(g)).data();
      expect(worstError(await rowOf(start.gradient!).data(), expected, tolerance(device!))).toBeLessThan(1);
    }
  });

  test('stops where it is told to', () => {
    const wayBack = new WayBack(ops, () => undefined);
    const start = wayBack.constant(x);
    const memory = { keys: wayBack.constant(image.keys), values: wayBack.constant(image.values) };
    const out = blocks(wayBack, start, style, memory);
    out.gradient = g;
    wayBack.goBack(({ name }) => name === 'cross');
    expect(start.gradient).toBeUndefined();
  });
});
