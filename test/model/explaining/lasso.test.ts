import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { centredConcepts, explain, meanOf } from '../../../src/model/explaining/explain.js';
import { lasso, sparseSum } from '../../../src/model/explaining/lasso.js';
import { fixture } from '../../support/golden.js';

const golden = JSON.parse(readFileSync(fixture('golden/lasso/lasso.json'), 'utf8')) as {
  readonly target: number[];
  readonly concepts: number[][];
  readonly runs: readonly { readonly penalty: number; readonly weights: Readonly<Record<string, number>> }[];
};
const target = Float32Array.from(golden.target);
const concepts = golden.concepts.map((concept) => Float32Array.from(concept));

const unit = (values: readonly number[]): Float32Array => {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};

describe('lasso', () => {
  test.each(golden.runs)("scikit-learn's weights at penalty $penalty", ({ penalty, weights }) => {
    const found = lasso(target, concepts, penalty);
    expect([...found.keys()].sort((a, b) => a - b).map(String)).toEqual(Object.keys(weights));
    for (const [j, weight] of found) expect(weight).toBeCloseTo(weights[j]!, 4);
  });

  test('begun with the weights of another penalty it comes to the same', () => {
    const warm = lasso(target, concepts, 0.05, lasso(target, concepts, 0.2));
    for (const [j, weight] of lasso(target, concepts, 0.05)) expect(warm.get(j)).toBeCloseTo(weight, 4);
  });

  test('one concept: what of it is in the target, less the penalty', () => {
    const [x] = [Float32Array.of(1, 0)];
    expect([...lasso(Float32Array.of(0.8, 0.6), [x], 0.3).values()][0]).toBeCloseTo(0.5, 6);
    expect(lasso(Float32Array.of(-0.8, 0.6), [x], 0.1).size).toBe(0);
  });

  test('two alike are no trouble, and none is ever below 0', () => {
    const vector = fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
      .filter((values) => Math.hypot(...values) > 0.1)
      .map(unit);
    fc.assert(
      fc.property(vector, fc.array(vector, { minLength: 1, maxLength: 12 }), (y, some) => {
        const all = [...some, ...some];
        const weights = lasso(y, all, 0.05);
        // The conditions of Karush, Kuhn and Tucker.
        const residual = y.map((value, i) => {
          return value - [...weights].reduce((sum, [j, weight]) => sum + weight * all[j]![i]!, 0);
        });
        for (const [j, concept] of all.entries()) {
          const along = concept.reduce((sum, value, i) => sum + value * residual[i]!, 0);
          const weight = weights.get(j) ?? 0;
          expect(weight).toBeGreaterThanOrEqual(0);
          expect(along).toBeLessThan(0.05 + 1e-3);
          if (weight > 1e-3) expect(along).toBeGreaterThan(0.05 - 1e-3);
        }
      }),
    );
  });
});

describe('sparseSum', () => {
  test.each([1, 2, 3, 5])('at most %i concepts', (most) => {
    const found = sparseSum(target, concepts, most);
    expect(found.size).toBeGreaterThan(0);
    expect(found.size).toBeLessThanOrEqual(most);
  });

  test('of concepts at right angles those that the target has most of', () => {
    const axes = Array.from({ length: 6 }, (_, axis) =>
      unit(Array.from({ length: 6 }, (_, i) => (i === axis ? 1 : 0))),
    );
    const y = unit([1, 5, 2, 4, -9, 3]);
    expect([...sparseSum(y, axes, 3).keys()].sort((a, b) => a - b)).toEqual([1, 3, 5]);
  });

  test('the one that the target has most of is among any number', () => {
    for (const most of [1, 2, 4, 8]) expect(sparseSum(target, concepts, most).has(3)).toBe(true);
  });

  test('nothing where nothing speaks for the target', () => {
    expect(sparseSum(Float32Array.of(-1, 0), [Float32Array.of(1, 0)], 5).size).toBe(0);
  });
});

describe('explain', () => {
  const raw = [unit([1, 0, 0, 1]), unit([0, 1, 0, 1]), unit([0, 0, 1, 1])];
  const centred = centredConcepts(raw);

  test('concepts are unit vectors without their mean', () => {
    for (const concept of centred) expect(Math.hypot(...concept)).toBeCloseTo(1, 6);
    expect(Math.hypot(...meanOf(centred))).toBeCloseTo(0, 6);
  });

  test('a picture that lies off the mean in the direction of a concept is that concept', () => {
    const mean = Float32Array.of(0.1, 0.1, 0.1, 0.9);
    const picture = mean.map((value, i) => value + 0.5 * centred[1]![i]!);
    const { concepts: found, cosine } = explain(picture, centred, mean, 2);
    expect(found[0]!.concept).toBe(1);
    expect(cosine).toBeCloseTo(1, 4);
  });

  test('weights fall, and a picture that is the mean has none', () => {
    const { concepts: found } = explain(unit([0.9, 0.4, 0.1, 0]), centred, undefined, 3);
    const weights = found.map(({ weight }) => weight);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    const mean = unit([1, 2, 3, 4]);
    expect(explain(mean, centred, mean, 3)).toEqual({ concepts: [], cosine: 0 });
  });
});
