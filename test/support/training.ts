import { readFileSync } from 'node:fs';
import type { TfjsDevice } from '../../src/model/engine/engines.js';
import type { TrainingBatch } from '../../src/model/training/batch.js';
import { COCA_OBJECTIVE } from '../../src/model/training/objective.js';
import { Trainer, type TrainerOptions } from '../../src/model/training/trainer.js';
import { fixture, type Golden, type GoldenName } from './golden.js';

/** What OpenCLIP computed of a golden model's losses and five steps of AdamW: see fixtures/golden/README.md. */
export interface TrainingReference {
  readonly loss: {
    readonly contrastive_loss: number;
    readonly caption_loss: number;
    readonly caption_loss_weight: number;
    readonly total: number;
  };
  readonly grad_norms: Readonly<Record<string, number>>;
  readonly adamw: {
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weight_decay: number;
    readonly losses_before_each_step: readonly { readonly loss: number }[];
  };
}

export const trainingReference = (name: GoldenName): TrainingReference =>
  JSON.parse(readFileSync(fixture(`golden/${name}/expected.json`), 'utf8'));

/** The golden pictures and texts as one batch. */
export async function goldenBatch(reference: Golden): Promise<TrainingBatch> {
  return { pixels: (await reference.expected('pixel_values')).data, contexts: await reference.texts() };
}

/** Entries [from, to) of a batch. */
export function piece({ pixels, contexts, classes, given }: TrainingBatch, from: number, to: number): TrainingBatch {
  const size = pixels.length / contexts.length;
  return {
    pixels: pixels.slice(from * size, to * size),
    contexts: contexts.slice(from, to),
    ...(classes && { classes: classes.slice(from, to) }),
    ...(given && { given: given.slice(from, to) }),
  };
}

/** A trainer with the hyper-parameters of the reference, which neither clips nor changes its learning rate. */
export function openTrainer(
  { name, config, checkpoint }: Golden,
  device: TfjsDevice,
  change: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  const { adamw } = trainingReference(name);
  return Trainer.open(config, checkpoint, {
    device,
    objective: COCA_OBJECTIVE,
    schedule: { learningRate: adamw.lr, warmupSteps: 0 },
    optimizer: { betas: adamw.betas, epsilon: adamw.eps, weightDecay: adamw.weight_decay },
    clipNorm: null,
    frozen: () => false,
    seed: 0,
    ...change,
  });
}

/** |actual - expected| / |expected|, as vectors. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}
