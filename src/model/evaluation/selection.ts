import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { dot } from '../base/vectors.js';
import { longestCaption } from '../scenes/world/grammar.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import { type Batch, type Item, type Measure, type Metrics, textFeatures } from './measure.js';

/**
 * Whether a true caption is preferred to false ones that are alike (CLIP_benchmark's image_caption_selection): `acc` by
 * the cosine of the embeddings, `acc_caption` by the mean log-probability per token that the captioner gives.
 */
export class SelectionMeasure implements Measure {
  readonly task = 'image_caption_selection';
  count = 0;
  private byEmbedding = 0;
  private byLikelihood = 0;
  private readonly textsOf: ReturnType<typeof textFeatures>;

  constructor(
    private readonly coca: Coca,
    private readonly hooks: { readonly signal?: AbortSignal } & CutTexts,
  ) {
    this.textsOf = textFeatures(coca, (item) => candidates(item) ?? [], hooks);
  }

  async add(batch: Batch, index: number): Promise<void> {
    const captions = candidates(batch.items[index]!);
    if (!captions) throw new CocaError('bad-data', 'no caption with "hard_negatives" to tell it from');
    mustBeUsable(captions, this.coca.tokenizer, this.hooks);
    const image = await batch.encodingOf(index);
    const texts = await this.textsOf(batch);
    const [likelihoods] = await this.coca.captionLikelihoods(image, captions, this.hooks);
    this.count++;
    if (isFirst(captions.map((caption) => dot(texts.get(caption)!, image.features[0]!)))) this.byEmbedding++;
    if (isFirst(likelihoods!.map(({ sum, count }) => sum / count))) this.byLikelihood++;
  }

  metrics(): Metrics {
    return { acc: this.byEmbedding / this.count, acc_caption: this.byLikelihood / this.count };
  }
}

/** The true caption (where all are known the longest: false ones are made from it), then the false ones. */
function candidates({ captions, trueCaptions, hardNegatives }: Item): readonly string[] | undefined {
  const right = trueCaptions?.length ? longestCaption(trueCaptions) : captions[0];
  return right === undefined || !hardNegatives?.length ? undefined : [right, ...hardNegatives];
}

/** Of equals the first counts as higher, as with argmax. */
const isFirst = ([right, ...wrong]: readonly number[]): boolean => wrong.every((score) => right! >= score);
