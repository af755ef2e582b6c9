import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { retrievalMetrics } from '../metrics/retrieval.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import { type Batch, type Measure, type Metrics, textFeatures } from './measure.js';

const KS = [1, 5, 10];

/** Finding pictures by their captions and captions by their pictures, among all of the data set. */
export class RetrievalMeasure implements Measure {
  readonly task = 'zeroshot_retrieval';
  readonly #images: Float32Array[] = [];
  readonly #texts: Float32Array[] = [];
  readonly #imageOfText: number[] = [];

  readonly #textsOf: ReturnType<typeof textFeatures>;

  constructor(
    private readonly coca: Coca,
    private readonly hooks: { readonly signal?: AbortSignal } & CutTexts,
  ) {
    this.#textsOf = textFeatures(coca, ({ captions }) => captions, hooks);
  }

  get count(): number {
    return this.#images.length;
  }

  async add(batch: Batch, index: number): Promise<void> {
    const { captions } = batch.items[index]!;
    if (captions.length === 0) throw new CocaError('bad-data', 'no caption');
    mustBeUsable(captions, this.coca.tokenizer, this.hooks);
    const { features } = await batch.encoding();
    const texts = await this.#textsOf(batch);
    for (const caption of captions) {
      this.#texts.push(texts.get(caption)!);
      this.#imageOfText.push(this.#images.length);
    }
    this.#images.push(features[index]!);
  }

  metrics(): Promise<Metrics> {
    return retrievalMetrics(this.#images, this.#texts, this.#imageOfText, KS, this.hooks);
  }
}
