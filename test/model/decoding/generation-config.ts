import type { DecodingOptions } from '../../../src/model/decoding/index.js';

/** Options as transformers' GenerationConfig names them; reference data holds these. */
export interface GenerationOptions {
  readonly max_length: number;
  readonly min_length?: number;
  readonly num_beams?: number;
  readonly num_beam_groups?: number;
  readonly diversity_penalty?: number;
  readonly num_return_sequences?: number;
  readonly length_penalty?: number;
  readonly early_stopping?: boolean | 'never';
  readonly repetition_penalty?: number;
  readonly no_repeat_ngram_size?: number;
}

/** The same options under this project's names; what transformers leaves at its default is said. */
export function fromGenerationConfig(options: GenerationOptions): Partial<DecodingOptions> {
  const beams = options.num_beams ?? 1;
  return {
    strategy: beams === 1 ? 'greedy' : 'beam',
    beams,
    groups: options.num_beam_groups ?? 1,
    diversity: options.diversity_penalty ?? 0,
    maxLength: options.max_length,
    minLength: options.min_length ?? 0,
    lengthPenalty: options.length_penalty ?? 1,
    earlyStopping: options.early_stopping ?? false,
    repetitionPenalty: options.repetition_penalty ?? 1,
    noRepeatNgram: options.no_repeat_ngram_size ?? 0,
    num: options.num_return_sequences ?? 1,
  };
}
