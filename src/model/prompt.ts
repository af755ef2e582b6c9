import type { Coca } from './api.js';
import { requireCaptioner } from './config/config.js';
import type { SpecialIds } from './decoding/index.js';

/** What captions of a model begin with, and the ids that mean something to their search. */
export interface Prompt {
  readonly special: SpecialIds;
  /** The start token, then those of the text. */
  readonly prompt: readonly number[];
}

/**
 * @param text that captions begin with, if any
 * @throws CocaError `usage` for a model that writes no captions
 */
export function promptOf({ config, tokenizer }: Pick<Coca, 'config' | 'tokenizer'>, text: string | undefined): Prompt {
  requireCaptioner(config, 'a caption');
  const special = { ...tokenizer.special, pad: config.pad_id };
  return { special, prompt: [special.sot, ...(text ? tokenizer.encode(text) : [])] };
}
