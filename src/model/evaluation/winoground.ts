import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { dot } from '../base/numbers/vectors.js';
import { type PairFits, winogroundScores } from '../metrics/winoground.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import { type Batch, type Measure, type Metrics, textFeatures } from './measure.js';

/** How well one picture fits both captions. */
interface Fits {
  readonly cosines: readonly number[];
  /** Mean log-probabilities per token, of a model that writes captions. */
  readonly likelihoods: readonly number[] | undefined;
}

interface Example {
  readonly kind: string | undefined;
  readonly pictures: [Fits?, Fits?];
}

/**
 * Winoground: of two pictures and two captions of the same words, which belongs to which. `text_score`, `image_score` and `group_score` by the
 * embeddings; `..._caption` by the captioner, where there is one; `..._of_KIND` of the examples of a kind.
 */
export class WinogroundMeasure implements Measure {
  readonly task = 'winoground';
  readonly #examples = new Map<number, Example>();
  readonly #textsOf: ReturnType<typeof textFeatures>;

  constructor(
    private readonly coca: Coca,
    private readonly hooks: { readonly signal?: AbortSignal } & CutTexts,
  ) {
    this.#textsOf = textFeatures(coca, ({ captions }) => captions, hooks);
  }

  /** Examples of which both pictures could be read. */
  get count(): number {
    return this.#whole().length;
  }

  async add(batch: Batch, index: number): Promise<void> {
    const { captions, pair } = batch.items[index]!;
    if (!pair) throw new CocaError('bad-data', 'is no picture of a pair');
    mustBeUsable(captions, this.coca.tokenizer, this.hooks);
    const image = await batch.encodingOf(index);
    const texts = await this.#textsOf(batch);
    const cosines = captions.map((caption) => dot(texts.get(caption)!, image.features[0]!));
    const example: Example = this.#examples.get(pair.example) ?? { kind: pair.kind, pictures: [] };
    example.pictures[pair.side] = { cosines, likelihoods: await this.#likelihoods(image, captions) };
    this.#examples.set(pair.example, example);
  }

  metrics(): Metrics {
    const examples = this.#whole();
    const kinds = [...new Set(examples.flatMap(({ kind }) => kind ?? []))].sort();
    return {
      ...figures(examples, ''),
      ...Object.assign(
        {},
        ...kinds.map((kind) =>
          figures(
            examples.filter((one) => one.kind === kind),
            `_of_${kind}`,
          ),
        ),
      ),
    };
  }

  #whole(): (Example & { readonly pictures: readonly [Fits, Fits] })[] {
    const isWhole = (one: Example): one is Example & { pictures: [Fits, Fits] } =>
      one.pictures[0] !== undefined && one.pictures[1] !== undefined;
    return [...this.#examples.values()].filter(isWhole);
  }

  async #likelihoods(
    image: Awaited<ReturnType<Batch['encodingOf']>>,
    captions: readonly string[],
  ): Promise<number[] | undefined> {
    if (this.coca.config.multimodal === null) return undefined;
    const [likelihoods] = await this.coca.captionLikelihoods(image, captions, this.hooks);
    return likelihoods!.map(({ sum, count }) => sum / count);
  }
}

function figures(examples: readonly { readonly pictures: readonly [Fits, Fits] }[], suffix: string): Metrics {
  const by = (values: (fits: Fits) => readonly number[] | undefined, name: string): Metrics => {
    const pairs = examples.flatMap(({ pictures: [first, second] }): PairFits[] => {
      const [of, other] = [values(first), values(second)];
      return of && other
        ? [
            [
              [of[0]!, other[0]!],
              [of[1]!, other[1]!],
            ],
          ]
        : [];
    });
    if (pairs.length === 0) return {};
    const { text, image, group } = winogroundScores(pairs);
    return {
      [`text_score${name}${suffix}`]: text,
      [`image_score${name}${suffix}`]: image,
      [`group_score${name}${suffix}`]: group,
    };
  };
  return { ...by(({ cosines }) => cosines, ''), ...by(({ likelihoods }) => likelihoods, '_caption') };
}
