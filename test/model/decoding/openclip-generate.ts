import { readFileSync } from 'node:fs';
import type { DecodingOptions } from '../../../src/model/decoding/index.js';

/** Arguments of OpenCLIP's `CoCa.generate`; reference data holds these. */
export interface GenerateOptions {
  readonly seq_len?: number;
  readonly min_seq_len?: number;
  readonly repetition_penalty?: number;
  readonly generation_type?: 'beam_search' | 'top_k' | 'top_p';
  readonly num_beams?: number;
  readonly num_beam_groups?: number;
  readonly temperature?: number;
  readonly top_k?: number;
  readonly top_p?: number;
}

/** The same under this project's names; `generate`'s defaults are said. */
export function fromGenerate(options: GenerateOptions): Partial<DecodingOptions> {
  const { generation_type = 'beam_search', temperature = 1, top_k = 1 } = options;
  const common = {
    scoring: 'openclip',
    maxLength: options.seq_len ?? 30,
    minLength: options.min_seq_len ?? 5,
    repetitionPenalty: options.repetition_penalty ?? 1,
  } as const;
  if (generation_type === 'beam_search') {
    return { ...common, beams: options.num_beams ?? 6, groups: options.num_beam_groups ?? 3, diversity: 0 };
  }
  if (generation_type === 'top_k') {
    // The likeliest is always drawn, at any temperature.
    if (top_k === 1) return { ...common, strategy: 'greedy' };
    return { ...common, strategy: 'sample', temperature, topK: top_k };
  }
  return { ...common, strategy: 'sample', temperature, topP: options.top_p ?? 0.1 };
}

/** What scripts/reference/openclip_generate.py asked of models, by the names in its file. */
export const OPENCLIP_MODES: Readonly<Record<string, GenerateOptions>> = {
  default: {},
  'one group': { num_beam_groups: 1 },
  greedy: { generation_type: 'top_k', top_k: 1 },
  penalty: { repetition_penalty: 1.3, num_beams: 4, num_beam_groups: 2 },
};

/** The ids that OpenCLIP's `generate` gave for the pictures of a model, by mode. */
export function openClipIds(model: string): Readonly<Record<string, readonly (readonly number[])[]>> {
  const file = new URL('../../../fixtures/decoding/openclip-models.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).models[model];
}
