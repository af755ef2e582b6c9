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

/** Nats beyond which a figure says no more. */
const MOST_NATS = 12;

const bounded = (nats: number): number => Math.max(-MOST_NATS, Math.min(MOST_NATS, nats));

/**
 * From signals to features. What a word's probability p says is taken as log(p / (1 - p)): as log p, a word of 60 % and one of 99.99 %
 * would be nearly alike (AUC 0.975 instead of 0.994 on 40 scenes). All that is in nats is bounded, so that one outlier does not decide alone.
 */
export function featuresOf({ logprob, gain, drop, mass, similarity }: WordSignals): readonly number[] {
  const unlikely = Math.log(-Math.expm1(Math.min(logprob, -Number.EPSILON)));
  return [bounded(logprob - unlikely), bounded(gain), bounded(drop), mass, similarity];
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
