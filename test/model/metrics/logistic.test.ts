import { describe, expect, test } from 'vitest';
import { calibrationOf, rocAuc } from '../../../src/model/metrics/auc.js';
import { fitLogistic, logisticProbability } from '../../../src/model/metrics/logistic.js';

// Expected values are scikit-learn's (LogisticRegression(C=1) on standardised features, roc_auc_score).
const ROWS = [
  [-0.802, -8.244, -1.025],
  [0.42, 16.36, -0.989],
  [-0.553, -2.848, -0.925],
  [1.635, 7.728, -1.123],
  [-0.958, 21.0, -0.98],
  [-1.732, 4.163, -1.116],
  [-0.629, 0.12, -1.071],
  [0.553, 4.369, -1.059],
  [0.41, 13.299, -1.164],
  [-0.257, -4.807, -1.017],
  [-1.289, 5.207, -1.004],
  [-0.304, -5.479, -1.04],
  [-1.091, -8.552, -0.978],
  [-1.109, 16.703, -0.928],
  [-1.998, 7.721, -1.11],
  [0.033, 5.436, -1.199],
  [-0.233, 2.442, -0.904],
  [-1.181, 12.38, -1.11],
  [-0.331, -3.405, -0.855],
  [0.568, 29.317, -0.936],
  [0.845, 13.407, -1.061],
  [-0.07, 18.504, -1.04],
  [0.189, 4.788, -0.939],
  [-0.365, 3.476, -0.976],
];
const POSITIVE = [1, 3, 7, 8, 13, 19, 20, 21];

describe('logistic regression', () => {
  const fitted = fitLogistic(
    ROWS,
    ROWS.map((_, i) => POSITIVE.includes(i)),
  );

  test('finds the weights that scikit-learn finds', () => {
    const expected = [1.51628715427317, 0.14054635808293406, -0.714379860259325];
    for (const [i, weight] of expected.entries()) expect(fitted.weights[i]).toBeCloseTo(weight, 6);
    expect(fitted.bias).toBeCloseTo(-2.2324625848454125, 6);
  });

  test('gives its probabilities', () => {
    const probabilities = [0.020333355253254602, 0.8038034986898419, 0.056762402130135635];
    for (const [i, p] of probabilities.entries()) expect(logisticProbability(fitted, ROWS[i]!)).toBeCloseTo(p, 6);
  });

  test('stays finite where the classes can be told apart, and where a feature never changes', () => {
    const rows = [-2, -1, 1, 2].map((x) => [x, 7]);
    const { weights, bias } = fitLogistic(rows, [false, false, true, true]);
    expect(weights[0]).toBeGreaterThan(0);
    expect([...weights, bias].every(Number.isFinite)).toBe(true);
  });

  test('needs both classes', () => {
    expect(() => fitLogistic([[1], [2]], [true, true])).toThrow(TypeError);
  });
});

describe('the area under the ROC curve', () => {
  test('counts ties half, as scikit-learn does', () => {
    const scores = [2, 2, 0, 0, 2, 1, 1, 0, 0.5, 2.5, 2, 2, 1.5, 0, 0.5, 1.5, 2.5, 0.5, 1.5, 1];
    const positive = [1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1].map(Boolean);
    expect(rocAuc(scores, positive)).toBeCloseTo(0.6, 12);
  });

  test('is 1, 0 and not a number at its ends', () => {
    expect(rocAuc([1, 2], [false, true])).toBe(1);
    expect(rocAuc([1, 2], [true, false])).toBe(0);
    expect(rocAuc([1, 2], [true, true])).toBeNaN();
  });
});

test('calibration: how far probabilities are from what is observed, by hand', () => {
  const { error, bins } = calibrationOf([0.05, 0.15, 0.12, 0.9, 1], [false, true, false, true, true]);
  expect(bins.map(({ from, observed, count }) => [from, observed, count])).toEqual([
    [0, 0, 1],
    [0.1, 0.5, 2],
    [0.9, 1, 2],
  ]);
  expect(error).toBeCloseTo((0.05 + 2 * (0.5 - 0.135) + 2 * 0.05) / 5, 12);
});
