import type { Coca } from '../api.js';
import { CocaError } from '../errors.js';
import { mustBeUsable } from '../tokenizer/usable.js';
import { dot } from '../vectors.js';
import { longestCaption } from '../world/grammar.js';
import type { Batch, Item, Measure, Metrics } from './measure.js';

/**
 * Whether a true caption is preferred to false ones that are alike (CLIP_benchmark's image_caption_selection): `acc` by
 * the cosine of the embeddings, `acc_caption` by the mean log-probability per token that the captioner gives.
 */
export class SelectionMeasure implements Measure {
  readonly task = 'image_caption_selection';
  count = 0;
  private byEmbedding = 0;
  private byLikelihood = 0;

  constructor(
    private readonly coca: Coca,
    private readonly hooks: { readonly signal?: AbortSignal },
  ) {}

  async add(batch: Batch, index: number): Promise<void> {
    const captions = candidates(batch.items[index]!);
    mustBeUsable(captions, this.coca.tokenizer);
    const image = await batch.encodingOf(index);
    const texts = await this.coca.encodeTexts(captions);
    const [likelihoods] = await this.coca.captionLikelihoods(image, captions, this.hooks);
    this.count++;
    if (isFirst(texts.map((text) => dot(text, image.features[0]!)))) this.byEmbedding++;
    if (isFirst(likelihoods!.map(({ sum, count }) => sum / count))) this.byLikelihood++;
  }

  metrics(): Metrics {
    return { acc: this.byEmbedding / this.count, acc_caption: this.byLikelihood / this.count };
  }
}

/** The true caption (where all are known the longest: false ones are made from it), then the false ones. */
function candidates({ captions, trueCaptions, hardNegatives }: Item): readonly string[] {
  const right = trueCaptions?.length ? longestCaption(trueCaptions) : captions[0];
  if (right === undefined) throw new CocaError('bad-data', 'no caption');
  if (!hardNegatives?.length) throw new CocaError('bad-data', 'no "hard_negatives" to tell its caption from');
  return [right, ...hardNegatives];
}

/** Of equals the first counts as higher, as with argmax. */
const isFirst = ([right, ...wrong]: readonly number[]): boolean => wrong.every((score) => right! >= score);
