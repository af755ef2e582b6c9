import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { adjustments } from '../../../src/model/decoding/processors.js';
import { distribution } from '../../../src/model/decoding/sampling.js';
import { Row, scoresOf } from '../../../src/model/decoding/scores.js';
import { fromGenerationConfig, type GenerationOptions } from './generation-config.js';
import { CONTEXT, captions, type HashParameters, hashLogits, SPECIAL, VOCAB } from './hash-model.js';

interface Case {
  readonly prompt: number[];
  readonly model: HashParameters;
  readonly options: GenerationOptions;
  readonly sequences: number[][];
  readonly sequences_scores?: number[];
  readonly token_logprobs?: number[];
}

interface WarperCase {
  readonly ids: number[];
  readonly model: HashParameters;
  readonly options: GenerationOptions & { temperature: number; top_k: number; top_p: number; min_p: number };
  readonly probabilities: Record<string, number>;
}

const read = <T>(name: string): { cases: T[] } =>
  JSON.parse(readFileSync(new URL(`../../../fixtures/decoding/${name}`, import.meta.url), 'utf8'));

for (const name of ['beam.json', 'groups.json']) {
  describe(`transformers' captions, ${name}`, () => {
    for (const [index, { prompt, model, options, sequences, ...expected }] of read<Case>(name).cases.entries()) {
      it(`case ${index}: ${JSON.stringify(options)}`, async () => {
        const found = await captions(model, fromGenerationConfig(options), prompt);
        expect(found.map(({ ids }) => ids)).toEqual(sequences);
        for (const [rank, score] of (expected.sequences_scores ?? []).entries()) {
          expect(Math.abs(found[rank]!.score - score)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(score)));
        }
        for (const [place, logprob] of (expected.token_logprobs ?? []).entries()) {
          expect(found[0]!.tokens[place]!.logprob).toBeCloseTo(logprob, 5);
        }
      });
    }
  });
}

describe("what transformers' warpers leave", () => {
  for (const [index, { ids, model, options, probabilities }] of read<WarperCase>('warpers.json').cases.entries()) {
    it(`case ${index}: ${JSON.stringify(options)}`, () => {
      const ours = decodingOptions(
        {
          strategy: 'sample',
          temperature: options.temperature,
          topK: options.top_k,
          topP: options.top_p,
          minP: options.min_p,
          repetitionPenalty: options.repetition_penalty,
          noRepeatNgram: options.no_repeat_ngram_size,
          minLength: options.min_length,
        },
        { contextLength: CONTEXT },
      );
      const logits = hashLogits(ids, model);
      const changed = adjustments(ids, (token) => logits[token]!, ours, SPECIAL.eot);
      const left = distribution(new Row(scoresOf(logits, VOCAB), 0), changed, ours);
      const found = new Map(Array.from(left.tokens, (token, place) => [token, left.probabilities[place]!] as const));
      for (let token = 0; token < VOCAB; token++) {
        expect(found.get(token) ?? 0, `token ${token}`).toBeCloseTo(probabilities[token] ?? 0, 6);
      }
      const kept = [...found].filter(([, probability]) => probability > 0).map(([token]) => token);
      expect(kept.sort((a, b) => a - b)).toEqual(Object.keys(probabilities).map(Number));
    });
  }
});
