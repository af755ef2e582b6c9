import { readFileSync } from 'node:fs';
import { fixture } from './golden.js';

/** What OpenCLIP finds on a bundled scene with the bundled model and six beams. */
export interface ExpectedCaption {
  readonly caption: string;
  /** Mean log-probability of a token, the end token included. */
  readonly score: number;
  /** Sum of log-probabilities. */
  readonly sum: number;
}

export function expectedCaption(image: string): ExpectedCaption {
  const { samples } = JSON.parse(readFileSync(fixture('scenes/expected.json'), 'utf8'));
  const sample = samples.find((one: { image: string }) => one.image === image);
  const { beam6_caption: caption, beam6_score: score, beam6_ids: ids } = sample;
  return { caption, score, sum: score * (ids.length - 1) };
}
