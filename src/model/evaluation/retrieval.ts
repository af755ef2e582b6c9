import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { retrievalMetrics } from '../metrics/retrieval.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import { type Batch, type Measure, type Metrics, textFeatures } from './measure.js';

const KS = [1, 5, 10];

/** What a text says, of which picture, in which language. */
interface Text {
  readonly features: Float32Array;
  readonly image: number;
  readonly language: string | undefined;
}

/** Finding pictures by their captions and captions by their pictures, among all of the data set. */
export class RetrievalMeasure implements Measure {
  readonly task = 'zeroshot_retrieval';
  readonly #images: Float32Array[] = [];
  readonly #texts: Text[] = [];

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
    const { captions, languages } = batch.items[index]!;
    if (captions.length === 0) throw new CocaError('bad-data', 'no caption');
    mustBeUsable(captions, this.coca.tokenizer, this.hooks);
    const { features } = await batch.encoding();
    const texts = await this.#textsOf(batch);
    for (const [i, caption] of captions.entries()) {
      this.#texts.push({ features: texts.get(caption)!, image: this.#images.length, language: languages?.[i] });
    }
    this.#images.push(features[index]!);
  }

  async metrics(): Promise<Metrics> {
    return (await this.#measure(this.#texts)).metrics;
  }

  async byLanguage() {
    const languages = [...new Set(this.#texts.flatMap(({ language }) => language ?? []))].sort();
    if (languages.length === 0) return undefined;
    const figures = new Map<string, { readonly metrics: Metrics; readonly count: number }>();
    for (const language of languages) {
      figures.set(language, await this.#measure(this.#texts.filter((text) => text.language === language)));
    }
    return figures;
  }

  /** Among the pictures that have one of the texts. */
  async #measure(texts: readonly Text[]): Promise<{ readonly metrics: Metrics; readonly count: number }> {
    const places = new Map([...new Set(texts.map(({ image }) => image))].map((image, place) => [image, place]));
    const images = [...places.keys()].map((image) => this.#images[image]!);
    const features = texts.map((text) => text.features);
    const imageOfText = texts.map(({ image }) => places.get(image)!);
    return { metrics: await retrievalMetrics(images, features, imageOfText, KS, this.hooks), count: images.length };
  }
}
