import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Tensor } from '@tensorflow/tfjs-core';
import { attentionalPooler } from '../architecture/blocks.js';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { Random } from '../base/random.js';
import type { TfjsDevice } from '../engine/engines.js';
import { type Backend, openBackend } from '../engine/tfjs/backends.js';
import { multiply, sumLast, weightedSum } from '../engine/tfjs/functions/arithmetic.js';
import { crossEntropy } from '../engine/tfjs/functions/cross-entropy.js';
import { linear } from '../engine/tfjs/functions/product.js';
import { reshape } from '../engine/tfjs/functions/shape.js';
import { TfjsOps } from '../engine/tfjs/ops.js';
import { AdamW } from '../training/adamw.js';
import { learningRateAt } from '../training/schedule.js';
import { type HostTensor, TrainableParameters } from '../training/variables.js';
import type { Queries } from './kinds.js';

export interface PoolerShape {
  /** S image tokens of W numbers. */
  readonly tokens: number;
  readonly width: number;
  /** K */
  readonly classes: number;
  readonly queries: Queries;
}

export interface PoolerTraining {
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: number) => void;
}

const POOLER = 'pooler';
const CLASSIFIER = { weight: 'classifier.weight', bias: 'classifier.bias' } as const;
const ADAM = { betas: [0.9, 0.999], epsilon: 1e-8 } as const;
/** Part of the steps over which the learning rate rises. */
const WARM_UP = 0.1;
/** Pictures whose logits are computed together. */
const LOGITS_TOGETHER = 64;

/** Numbers that a head of attention has, as in the towers. */
const HEAD_WIDTHS = [64, 32, 16, 8, 4, 2, 1];
const headsOf = (width: number): number => width / HEAD_WIDTHS.find((one) => width % one === 0 && width > one)!;

/** Name -> shape of every tensor of a pooler with its classifier. */
export function poolerShapes({ width, classes, queries }: PoolerShape): ReadonlyMap<string, readonly number[]> {
  return new Map([
    [`${POOLER}.query`, [queries === 'one' ? 1 : classes, width]],
    [`${POOLER}.attn.in_proj_weight`, [3 * width, width]],
    [`${POOLER}.attn.in_proj_bias`, [3 * width]],
    [`${POOLER}.attn.out_proj.weight`, [width, width]],
    [`${POOLER}.attn.out_proj.bias`, [width]],
    [`${POOLER}.ln_q.weight`, [width]],
    [`${POOLER}.ln_q.bias`, [width]],
    [`${POOLER}.ln_k.weight`, [width]],
    [`${POOLER}.ln_k.bias`, [width]],
    [CLASSIFIER.weight, [classes, width]],
    [CLASSIFIER.bias, [classes]],
  ]);
}

/**
 * The attentional pooler that CoCa learns on frozen features for a new task (section 3.2), over a picture's image tokens, and a linear
 * classifier on what it gathers: one query for all K classes, or one for each, whose logit is then a product of its own.
 */
export class Pooler {
  private constructor(
    private readonly backend: Backend,
    readonly shape: PoolerShape,
    private readonly parameters: TrainableParameters,
  ) {}

  /** @throws CocaError `device` */
  static async of(device: TfjsDevice, shape: PoolerShape, tensors: ReadonlyMap<string, HostTensor>): Promise<Pooler> {
    const backend = await openBackend(device);
    const parameters = new TrainableParameters(backend);
    for (const [name, { shape: sides, data }] of tensors) parameters.add(name, sides, data);
    return new Pooler(backend, shape, parameters);
  }

  /**
   * A pooler that was trained on pictures with AdamW, its learning rate falling to 0 along a cosine.
   * @param tokens S x W numbers for each picture
   * @throws CocaError `diverged`, `interrupted`, `device`
   */
  static async train(
    device: TfjsDevice,
    shape: PoolerShape,
    tokens: readonly Float32Array[],
    labels: readonly number[],
    training: PoolerTraining,
  ): Promise<Pooler> {
    const pooler = await Pooler.of(device, shape, initialTensors(shape, training.seed));
    try {
      await pooler.#train(tokens, labels, training);
      return pooler;
    } catch (error) {
      pooler.release();
      throw error;
    }
  }

  async #train(tokens: readonly Float32Array[], labels: readonly number[], training: PoolerTraining): Promise<void> {
    const { backend } = this;
    const { tf } = backend;
    const { steps, learningRate, weightDecay, seed, signal, onStep } = training;
    const trainable = this.parameters.all;
    const optimizer = new AdamW(backend, trainable, { ...ADAM, weightDecay }, (name, { length }) =>
      decays(name, length),
    );
    const order = batchesOf(tokens.length, training.batch, seed);
    const schedule = { learningRate, warmupSteps: Math.ceil(WARM_UP * steps), totalSteps: steps };
    try {
      for (let step = 0; step < steps; step++) {
        // A signal comes in only when this thread takes a turn of its event loop.
        await nextTurn();
        stopIfAborted(signal, 'stopped before the pooler was trained');
        const chosen = order.next().value as readonly number[];
        const loss = backend.run(() => {
          const { value, grads } = tf.variableGrads(() => {
            const logits = this.#logits(chosen.map((i) => tokens[i]!));
            const targets = Int32Array.from(chosen, (i) => labels[i]!);
            return weightedSum(tf, [[crossEntropy(tf, logits, targets), 1 / chosen.length]]);
          }, [...trainable.values()]);
          const gradients = new Map([...trainable].map(([name, variable]) => [name, grads[variable.name]!]));
          const rate = learningRateAt(step, schedule);
          optimizer.update(gradients, { step, learningRate: rate, scale: 1 });
          return value;
        });
        const [value] = await loss.data();
        loss.dispose();
        if (!Number.isFinite(value)) {
          throw new CocaError('diverged', `step ${step + 1} of the pooler is not finite`, 'Lower the --learning-rate.');
        }
        onStep?.(step + 1);
      }
    } finally {
      optimizer.release();
    }
  }

  /** K logits for each picture. @param tokens S x W numbers for each */
  async logits(tokens: readonly Float32Array[]): Promise<number[][]> {
    const found: number[][] = [];
    for (let from = 0; from < tokens.length; from += LOGITS_TOGETHER) {
      const some = tokens.slice(from, from + LOGITS_TOGETHER);
      const tensor = this.backend.run(() => this.#logits(some));
      const values = await tensor.data();
      tensor.dispose();
      const { classes } = this.shape;
      for (let i = 0; i < some.length; i++) found.push([...values.slice(i * classes, (i + 1) * classes)]);
    }
    return found;
  }

  /** [B, K] */
  #logits(pictures: readonly Float32Array[]): Tensor {
    const { tf } = this.backend;
    const { tokens, width, queries } = this.shape;
    const ops = new TfjsOps(tf, this.parameters);
    const values = new Float32Array(pictures.length * tokens * width);
    for (const [i, picture] of pictures.entries()) values.set(picture, i * tokens * width);
    const context = ops.floats(values, [pictures.length, tokens, width]);
    const sides = { heads: headsOf(width), width, contextWidth: width };
    const site = { name: 'pooler.0', layer: 0, watch: undefined } as const;
    const pooled = attentionalPooler(ops, POOLER, context, sides, site); // [B, 1 or K, W]
    const weight = this.parameters.get(CLASSIFIER.weight);
    const bias = this.parameters.get(CLASSIFIER.bias);
    if (queries === 'one') return linear(tf, reshape(tf, pooled, [pictures.length, width]), weight, { bias });
    return ops.add(sumLast(tf, multiply(tf, pooled, weight)), bias);
  }

  /** Its tensors as they are now. */
  async tensors(): Promise<ReadonlyMap<string, HostTensor>> {
    const found = new Map<string, HostTensor>();
    for (const [name, variable] of this.parameters.all) {
      found.set(name, { shape: variable.shape, data: (await variable.data()) as Float32Array });
    }
    return found;
  }

  release(): void {
    this.parameters.dispose();
  }
}

/** As for the towers: matrices alone. */
const decays = (name: string, rank: number): boolean => rank >= 2 && !name.endsWith('.query');

/** As PyTorch's layers begin: Xavier's uniform for attention, normal queries, a classifier that knows nothing. */
function initialTensors(shape: PoolerShape, seed: number): ReadonlyMap<string, HostTensor> {
  const random = new Random(seed, 0x60000000);
  const tensors = new Map<string, HostTensor>();
  for (const [name, sides] of poolerShapes(shape)) {
    const data = new Float32Array(sides.reduce((product, side) => product * side, 1));
    if (/\.ln_\w\.weight$/.test(name)) data.fill(1);
    else if (name.endsWith('.query')) fill(data, () => normal(random));
    else if (/attn\..*weight$/.test(name)) {
      const bound = Math.sqrt(6 / (sides[0]! + sides[1]!));
      fill(data, () => random.between(-bound, bound));
    }
    tensors.set(name, { shape: sides, data });
  }
  return tensors;
}

function fill(data: Float32Array, value: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = value();
}

/** Box and Muller (1958). */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());

/** Batches without end, each epoch in another order; the last of an epoch may be smaller. */
function* batchesOf(count: number, batch: number, seed: number): Generator<readonly number[]> {
  const random = new Random(seed, 0x70000000);
  const all = Array.from({ length: count }, (_, i) => i);
  for (;;) {
    const order = shuffled(all, random);
    for (let from = 0; from < count; from += batch) yield order.slice(from, from + batch);
  }
}

function shuffled(all: readonly number[], random: Random): number[] {
  const order = [...all];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
