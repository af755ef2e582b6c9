import { CocaError } from '../base/errors.js';
import { Random } from '../base/random.js';

/** Streams of a seed, so that what is drawn for one purpose does not depend on another. */
const STREAMS = { holdout: 0x40000000, shots: 0x50000000 } as const;

/** Indices of the examples of each class. */
function byClass(labels: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const known = found.get(label);
    if (known) known.push(i);
    else found.set(label, [i]);
  }
  return found;
}

/** Examples in two parts, as indices in ascending order. */
export interface Split {
  readonly kept: readonly number[];
  readonly heldOut: readonly number[];
}

/**
 * Holds out a share of every class: of two examples or more at least one, and never all. A class of one example is kept.
 * @param share from 0 to 1
 */
export function holdOut(labels: readonly number[], share: number, seed: number): Split {
  const heldOut: number[] = [];
  for (const [label, indices] of byClass(labels)) {
    const most = indices.length - 1;
    const count = share === 0 ? 0 : Math.min(most, Math.max(1, Math.round(share * indices.length)));
    heldOut.push(...new Random(seed, STREAMS.holdout + label).some(indices, count));
  }
  const out = new Set(heldOut);
  return { kept: [...labels.keys()].filter((i) => !out.has(i)), heldOut: heldOut.sort((a, b) => a - b) };
}

/**
 * `shots` examples of every class, other ones for another seed; those of fewer shots are among those of more.
 * @param nameOf what a class is called, for the error
 * @throws CocaError `bad-data` for a class with fewer
 */
export function drawShots(
  labels: readonly number[],
  shots: number,
  seed: number,
  nameOf: (label: number) => string,
): readonly number[] {
  const drawn: number[] = [];
  for (const [label, indices] of byClass(labels)) {
    if (indices.length < shots) {
      throw new CocaError(
        'bad-data',
        `the class ${JSON.stringify(nameOf(label))} has ${indices.length} pictures to learn from, fewer than ${shots} shots`,
        'ask for fewer --shots, hold out less, or leave the class out',
      );
    }
    drawn.push(...new Random(seed, STREAMS.shots + label).some(indices, shots));
  }
  return drawn.sort((a, b) => a - b);
}

/** The mean, and the standard deviation of a sample (null of a single value). */
export function meanAndDeviation(values: readonly number[]): {
  readonly mean: number;
  readonly deviation: number | null;
} {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
