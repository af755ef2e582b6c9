import type { Coca, ImageEncoding } from '../api.js';
import type { Description } from '../data/sample.js';
import type { Picture } from '../picture.js';

/** A picture of a data set, ready for the model. */
export interface Item extends Description {
  readonly name: string;
  readonly picture: Picture;
}

/** Pictures that go through the model together; whoever needs their encodings shares them. */
export class Batch {
  private together: Promise<ImageEncoding> | undefined;
  private readonly single = new Map<number, Promise<ImageEncoding>>();

  constructor(
    private readonly coca: Coca,
    readonly items: readonly Item[],
  ) {}

  /** All pictures. */
  encoding(): Promise<ImageEncoding> {
    this.together ??= this.coca.encodeImages(this.items.map(({ picture }) => picture));
    return this.together;
  }

  /** One picture by itself: likelihoods are of every caption with every picture of an encoding. */
  encodingOf(index: number): Promise<ImageEncoding> {
    if (this.items.length === 1) return this.encoding();
    const known = this.single.get(index);
    if (known) return known;
    const encoding = this.coca.encodeImages([this.items[index]!.picture]);
    this.single.set(index, encoding);
    return encoding;
  }
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
  metrics(): Metrics;
}
