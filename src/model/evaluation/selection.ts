import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { dot } from '../base/numbers/vectors.js';
import { arrangementsOf } from '../scenes/world/family.js';
import { longestCaption, readingsOf, trueCaptions } from '../scenes/world/grammar.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import { type Batch, type Item, type Measure, type Metrics, textFeatures } from './measure.js';

/**
 * Whether a true caption is preferred to false ones that are alike (CLIP_benchmark's image_caption_selection): `acc` by
 * the cosine of the embeddings, `acc_caption` by the mean log-probability per token that the captioner gives. Of pairs of our
 * own scenes also whether the right one of the four arrangements of the same two things is: `arrangement` and `arrangement_caption`,
 * where chance is a quarter.
 */
export class SelectionMeasure implements Measure {
  readonly task = 'image_caption_selection';
  count = 0;
  readonly #ofAll = new Preferred();
  readonly #ofArrangements = new Preferred();
  readonly #textsOf: ReturnType<typeof textFeatures>;

  constructor(
    private readonly coca: Coca,
    private readonly hooks: { readonly signal?: AbortSignal } & CutTexts,
  ) {
    this.#textsOf = textFeatures(coca, (item) => [...(candidates(item) ?? []), ...arrangements(item)], hooks);
  }

  async add(batch: Batch, index: number): Promise<void> {
    const captions = candidates(batch.items[index]!);
    if (!captions) throw new CocaError('bad-data', 'no caption with "hard_negatives" to tell it from');
    mustBeUsable(captions, this.coca.tokenizer, this.hooks);
    const fours = arrangements(batch.items[index]!);
    mustBeUsable(fours, this.coca.tokenizer, this.hooks);
    const image = await batch.encodingOf(index);
    const texts = await this.#textsOf(batch);
    const all = [...captions, ...fours];
    const [likelihoods] = await this.coca.captionLikelihoods(image, all, this.hooks);
    const cosines = all.map((caption) => dot(texts.get(caption)!, image.features[0]!));
    const means = likelihoods!.map(({ sum, count }) => sum / count);
    this.count++;
    const split = captions.length;
    this.#ofAll.add(cosines.slice(0, split), means.slice(0, split));
    if (fours.length > 0) this.#ofArrangements.add(cosines.slice(split), means.slice(split));
  }

  metrics(): Metrics {
    const [ofAll, ofArrangements] = [this.#ofAll, this.#ofArrangements];
    return {
      acc: ofAll.byEmbedding,
      acc_caption: ofAll.byLikelihood,
      ...(ofArrangements.count > 0 && {
        arrangement: ofArrangements.byEmbedding,
        arrangement_caption: ofArrangements.byLikelihood,
      }),
    };
  }
}

/** How often the first of several captions is preferred. */
class Preferred {
  count = 0;
  #embedding = 0;
  #likelihood = 0;

  add(cosines: readonly number[], likelihoods: readonly number[]): void {
    this.count++;
    if (isFirst(cosines)) this.#embedding++;
    if (isFirst(likelihoods)) this.#likelihood++;
  }

  get byEmbedding(): number {
    return this.#embedding / this.count;
  }

  get byLikelihood(): number {
    return this.#likelihood / this.count;
  }
}

/** Of a pair that can be read in one way: the longest captions of its four arrangements, the right one first. */
function arrangements({ trueCaptions: known = [] }: Item): readonly string[] {
  const [content, other] = readingsOf(known);
  if (!content || other || content.relation === null) return [];
  const captions = arrangementsOf(content).map((arranged) => longestCaption(trueCaptions(arranged)));
  return captions.toSorted((a, b) => Number(known.includes(b)) - Number(known.includes(a)));
}

/** The true caption (where all are known the longest: false ones are made from it), then the false ones. */
function candidates({ captions, trueCaptions, hardNegatives }: Item): readonly string[] | undefined {
  const right = trueCaptions?.length ? longestCaption(trueCaptions) : captions[0];
  return right === undefined || !hardNegatives?.length ? undefined : [right, ...hardNegatives];
}

/** Of equals the first counts as higher, as with argmax. */
const isFirst = ([right, ...wrong]: readonly number[]): boolean => wrong.every((score) => right! >= score);
