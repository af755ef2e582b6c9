import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import type { Batch, Measure, Metrics } from './measure.js';

/** exp of the mean negative log-probability per token of the captions given their pictures, end tokens included. */
export class PerplexityMeasure implements Measure {
  readonly task = 'caption_perplexity';
  count = 0;
  #sum = 0;
  #tokens = 0;

  constructor(
    private readonly coca: Coca,
    private readonly hooks: { readonly signal?: AbortSignal } & CutTexts,
  ) {}

  async add(batch: Batch, index: number): Promise<void> {
    const { captions } = batch.items[index]!;
    if (captions.length === 0) throw new CocaError('bad-data', 'no caption');
    mustBeUsable(captions, this.coca.tokenizer, this.hooks);
    const [likelihoods] = await this.coca.captionLikelihoods(await batch.encodingOf(index), captions, this.hooks);
    this.count++;
    for (const { sum, count } of likelihoods!) {
      this.#sum += sum;
      this.#tokens += count;
    }
  }

  metrics(): Metrics {
    return { caption_perplexity: Math.exp(-this.#sum / this.#tokens) };
  }
}
