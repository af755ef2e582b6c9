import { dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { exists } from '../base/folders.js';
import { isObject } from '../base/json.js';
import { weightsFile } from '../checkpoint/index.js';
import { readJsonFile } from '../data/formats/json-file.js';
import { type Logistic, logisticProbability } from '../metrics/logistic.js';
import { locateModel } from '../store/locate.js';
import type { WordSignals } from './signals.js';

/** What lies beside a model's weights once it was calibrated (`coca eval --grounding --calibrate`): no part of an OpenCLIP model. */
export const CALIBRATION_FILE = 'grounding.json';

/** The signals that say whether a word is true, in the order of the weights. */
export const CALIBRATED = ['logprob', 'gain', 'drop', 'mass', 'similarity'] as const satisfies (keyof WordSignals)[];

/** Nats beyond which a log-probability says no more. */
const MOST_NATS = 12;

/** From signals to features: log-probabilities and their differences are bounded, so that one outlier does not decide alone. */
export function featuresOf(signals: WordSignals): readonly number[] {
  return CALIBRATED.map((name) => {
    const value = signals[name];
    return name === 'mass' || name === 'similarity' ? value : Math.max(-MOST_NATS, Math.min(MOST_NATS, value));
  });
}

/** How a model's signals become the probability that a word is true. */
export interface GroundingCalibration extends Logistic {
  /** Of the weights that it was made with. */
  readonly fingerprint: string;
}

export function probabilityOf(calibration: Logistic, signals: WordSignals): number {
  return logisticProbability(calibration, featuresOf(signals));
}

/** The file's content. */
export function calibrationJson({ weights, bias, fingerprint }: GroundingCalibration): string {
  return `${JSON.stringify({ signals: CALIBRATED, weights, bias, fingerprint }, null, 2)}\n`;
}

/**
 * The calibration beside a model's weights; undefined where it has none, or one of other weights.
 * @throws CocaError `bad-settings` for a file that is none
 */
export async function readCalibration(
  model: string | undefined,
  fingerprint: string,
): Promise<GroundingCalibration | undefined> {
  const path = join(dirname(await weightsFile((await locateModel(model)).path)), CALIBRATION_FILE);
  if (!(await exists(path))) return undefined;
  const json = await readJsonFile(path);
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  if (
    !isObject(json) ||
    JSON.stringify(json.signals) !== JSON.stringify(CALIBRATED) ||
    !Array.isArray(json.weights) ||
    json.weights.length !== CALIBRATED.length ||
    !json.weights.every(isNumber) ||
    !isNumber(json.bias) ||
    typeof json.fingerprint !== 'string'
  ) {
    throw new CocaError(
      'bad-settings',
      `${path} is no calibration of the signals ${CALIBRATED.join(', ')}`,
      'remove it, or make it anew with coca eval --grounding --calibrate',
    );
  }
  if (json.fingerprint !== fingerprint) return undefined;
  return { weights: json.weights, bias: json.bias, fingerprint };
}
