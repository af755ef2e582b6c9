import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { minimise } from '../../../src/model/probing/lbfgs.js';
import { fitLinear, linearLogits } from '../../../src/model/probing/linear.js';
import { fixture } from '../../support/golden.js';

interface Reference {
  readonly features: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly fits: readonly { readonly c: number; readonly probabilities: readonly (readonly number[])[] }[];
}
const { features, labels, fits }: Reference = JSON.parse(readFileSync(fixture('probing/logistic.json'), 'utf8'));
const vectors = features.map((row) => Float32Array.from(row));

const softmax = (logits: readonly number[]): number[] => {
  const powers = logits.map((one) => Math.exp(one - Math.max(...logits)));
  const sum = powers.reduce((total, one) => total + one, 0);
  return powers.map((one) => one / sum);
};

test.each(fits)(
  'C = $c: the probabilities of scikit-learn, a feature that does not vary among the others',
  async ({ c, probabilities }) => {
    const layer = await fitLinear(vectors, labels, 3, c);
    for (const [i, vector] of vectors.entries()) {
      const found = softmax(linearLogits(layer, vector));
      for (const [k, expected] of probabilities[i]!.entries()) expect(found[k]).toBeCloseTo(expected, 3);
    }
  },
);

test('features that are not finite are refused', async () => {
  const bad = vectors.map((row, i) => (i === 3 ? row.map(() => Number.NaN) : row));
  await expect(fitLinear(bad, labels, 3, 1)).rejects.toMatchObject({ code: 'diverged' });
});

test('a signal stops the search between steps', async () => {
  await expect(fitLinear(vectors, labels, 3, 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' });
});

test('L-BFGS finds the least value of a badly scaled quadratic', async () => {
  const scales = [1, 100, 1e4, 0.01];
  const centre = [3, -2, 0.5, 7];
  const { at, isConverged } = await minimise(
    new Float64Array(4),
    (x, into) => {
      let value = 0;
      for (const [i, scale] of scales.entries()) {
        value += (scale / 2) * (x[i]! - centre[i]!) ** 2;
        into[i] = scale * (x[i]! - centre[i]!);
      }
      return value;
    },
    { tolerance: 1e-9, steps: 500 },
  );
  expect(isConverged).toBe(true);
  for (const [i, expected] of centre.entries()) expect(at[i]).toBeCloseTo(expected, 5);
});
