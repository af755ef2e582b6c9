import type { Coca, ImageEncoding } from '../api.js';
import type { Description } from '../data/sample.js';
import type { Picture } from '../image/picture.js';
import { type CutTexts, unusableText } from '../tokenizer/usable.js';

/** A picture of a data set, ready for the model. */
export interface Item extends Description {
  readonly name: string;
  readonly picture: Picture;
}

/** Pictures that go through the model together; the measures share their encodings. */
export class Batch {
  #together: Promise<ImageEncoding> | undefined;
  readonly #single = new Map<number, Promise<ImageEncoding>>();

  constructor(
    private readonly coca: Coca,
    readonly items: readonly Item[],
  ) {}

  /** All pictures. */
  encoding(): Promise<ImageEncoding> {
    this.#together ??= this.coca.encodeImages(this.items.map(({ picture }) => picture));
    return this.#together;
  }

  /** One picture by itself: likelihoods are of every caption with every picture of an encoding. */
  encodingOf(index: number): Promise<ImageEncoding> {
    if (this.items.length === 1) return this.encoding();
    const known = this.#single.get(index);
    if (known) return known;
    const encoding = this.coca.encodeImages([this.items[index]!.picture]);
    this.#single.set(index, encoding);
    return encoding;
  }
}

/** What is computed for a batch as a whole, when the first of its pictures asks for it. */
export function perBatch<T>(compute: (batch: Batch) => Promise<T>): (batch: Batch) => Promise<T> {
  const known = new WeakMap<Batch, Promise<T>>();
  return (batch) => {
    const computed = known.get(batch) ?? compute(batch);
    known.set(batch, computed);
    return computed;
  };
}

/**
 * Embeddings of the texts that pictures are compared with, those of a batch in one call.
 * @param textsOf may be of any length: what does not fit the model is left out, or cut
 */
export function textFeatures(coca: Coca, textsOf: (item: Item) => readonly string[], cut: CutTexts) {
  return perBatch(async ({ items }): Promise<ReadonlyMap<string, Float32Array>> => {
    const texts = [...new Set(items.flatMap(textsOf))].filter((text) => !unusableText(text, coca.tokenizer, cut));
    const features = await coca.encodeTexts(texts, cut);
    return new Map(texts.map((text, i) => [text, features[i]!]));
  });
}

/** Figures by their names; null where there is nothing to say. */
export type Metrics = Readonly<Record<string, number | null>>;

/** One thing that is measured, picture by picture. */
export interface Measure {
  /** What CLIP_benchmark calls it. */
  readonly task: string;
  /** How many pictures were measured. */
  readonly count: number;
  /**
   * Measures one picture of a batch.
   * @throws CocaError `bad-data` or `bad-text` for one that cannot be measured: it is left out
   */
  add(batch: Batch, index: number): Promise<void>;
  /** Asked for once, when at least one was measured. */
  metrics(): Metrics | Promise<Metrics>;
  /** Figures of each language by itself in place of those, where the data say which is which. */
  byLanguage?(): Promise<ReadonlyMap<string, { readonly metrics: Metrics; readonly count: number }> | undefined>;
  /** What there is beside figures, for JSON; asked for with them. */
  details?(): object;
  /** Frees what it holds. */
  release?(): void;
}
