import type { Coca } from '../api.js';
import { imageTokenCount } from '../config/config.js';
import type { ClassNames } from '../data/classes.js';
import type { TfjsDevice } from '../engine/engines.js';
import { CLASSIFIER } from '../store/classifier.js';
import type { HostTensor } from '../training/variables.js';
import { type FeatureKind, tokenWidth } from './features.js';
import type { Queries } from './kinds.js';
import { fitLinear, type LinearLayer, linearLogits } from './linear.js';
import { Pooler, type PoolerTraining } from './pooler.js';
import { drawShots, holdOut, meanAndDeviation } from './split.js';

/** What a head is, and how it is found. */
export type HeadSettings =
  | {
      readonly kind: 'linear';
      readonly features: FeatureKind;
      /** scikit-learn's C: the smaller, the stronger the penalty. Left out, it is chosen by a validation split. */
      readonly c: number | undefined;
      readonly seed: number;
      readonly signal?: AbortSignal;
    }
  | ({
      readonly kind: 'pooler';
      readonly features: 'tokens';
      readonly queries: Queries;
      readonly device: TfjsDevice;
    } & PoolerTraining);

/** Pictures by their frozen features. */
export interface Examples {
  readonly vectors: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** A head that was found. Release it. */
export interface FittedHead {
  /** [K] for each. */
  logits(vectors: readonly Float32Array[]): Promise<number[][]>;
  tensors(): Promise<ReadonlyMap<string, HostTensor>>;
  /** Of a linear head. */
  readonly c: number | undefined;
  release(): void;
}

/** What C is chosen among, and the share of the examples that choose it. */
const CHOICES = [0.001, 0.01, 0.1, 1, 10, 100] as const;
const VALIDATION = 0.2;
/** C where there are too few examples to choose it by. */
const DEFAULT_C = 1;

/**
 * Fits a head to examples.
 * @throws CocaError `diverged`, `interrupted`, `device`
 */
export async function fitHead(
  examples: Examples,
  classes: number,
  settings: HeadSettings,
  { config }: Pick<Coca, 'config'>,
): Promise<FittedHead> {
  const { vectors, labels } = examples;
  if (settings.kind === 'linear') {
    const c = settings.c ?? (await chooseC(examples, classes, settings));
    return linearHead(await fitLinear(vectors, labels, classes, c, settings.signal), c);
  }
  const { queries, device } = settings;
  const shape = { tokens: imageTokenCount(config), width: tokenWidth(config), classes, queries };
  const pooler = await Pooler.train(device, shape, vectors, labels, settings);
  return {
    logits: (some) => pooler.logits(some),
    tensors: () => pooler.tensors(),
    c: undefined,
    release: () => pooler.release(),
  };
}

/** A linear layer as a head. */
export function linearHead(layer: LinearLayer, c: number | undefined): FittedHead {
  const classes = layer.bias.length;
  return {
    logits: async (some) => some.map((vector) => linearLogits(layer, vector)),
    tensors: async () =>
      new Map([
        [CLASSIFIER.weight, { shape: [classes, layer.weight.length / classes], data: layer.weight }],
        [CLASSIFIER.bias, { shape: [classes], data: layer.bias }],
      ]),
    c,
    release: () => undefined,
  };
}

/** The C by which a fifth of the examples are likeliest, found on the others: their cross-entropy tells more of a few than how many are right. */
async function chooseC(
  { vectors, labels }: Examples,
  classes: number,
  { seed, signal }: Pick<HeadSettings, 'seed' | 'signal'>,
): Promise<number> {
  const { kept, heldOut } = holdOut(labels, VALIDATION, seed);
  if (heldOut.length === 0) return DEFAULT_C;
  const [learned, asked] = [kept, heldOut].map((indices) => part({ vectors, labels }, indices)) as [Examples, Examples];
  let best: { readonly c: number; readonly loss: number } | undefined;
  for (const c of CHOICES) {
    const layer = await fitLinear(learned.vectors, learned.labels, classes, c, signal);
    const losses = asked.vectors.map((vector, i) => surprise(linearLogits(layer, vector), asked.labels[i]!));
    const loss = losses.reduce((sum, one) => sum + one, 0);
    if (best === undefined || loss < best.loss) best = { c, loss };
  }
  return best!.c;
}

/** -log p(label), in nats. */
function surprise(logits: readonly number[], label: number): number {
  const highest = Math.max(...logits);
  return Math.log(logits.reduce((sum, one) => sum + Math.exp(one - highest), 0)) + highest - logits[label]!;
}

/** Those examples. */
export const part = ({ vectors, labels }: Examples, indices: readonly number[]): Examples => ({
  vectors: indices.map((i) => vectors[i]!),
  labels: indices.map((i) => labels[i]!),
});

/** How many have their own class's logit above all others; of equals the earlier class wins. */
export function countRight(logits: readonly (readonly number[])[], labels: readonly number[]): number {
  return logits.filter((of, i) => of.indexOf(Math.max(...of)) === labels[i]).length;
}

/** How well heads of a few examples do. */
export interface FewShot {
  readonly shots: number;
  readonly accuracy: number;
  /** Over the seeds, as of a sample; null of one. */
  readonly deviation: number | null;
}

/**
 * Heads on `shots` examples of every class, one for each seed: other examples each time, the same test.
 * @throws CocaError as `drawShots` and `fitHead`
 */
export async function fewShot(
  learned: Examples,
  test: Examples,
  classes: ClassNames,
  settings: HeadSettings,
  coca: Pick<Coca, 'config'>,
  { shots, seeds }: { readonly shots: number; readonly seeds: number },
): Promise<FewShot> {
  const accuracies: number[] = [];
  for (let i = 0; i < seeds; i++) {
    const seed = settings.seed + i;
    const drawn = drawShots(learned.labels, shots, seed, (label) => classes.rows[label]!.label);
    const how = settings.kind === 'linear' ? { ...settings, seed, c: settings.c ?? DEFAULT_C } : { ...settings, seed };
    const head = await fitHead(part(learned, drawn), classes.rows.length, how, coca);
    try {
      accuracies.push(countRight(await head.logits(test.vectors), test.labels) / test.labels.length);
    } finally {
      head.release();
    }
  }
  const { mean, deviation } = meanAndDeviation(accuracies);
  return { shots, accuracy: mean, deviation };
}
