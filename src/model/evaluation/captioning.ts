import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import type { DecodingOptions } from '../decoding/index.js';
import { captionMetrics, type ReferencedCaption } from '../metrics/caption-metrics.js';
import { type Batch, type Item, type Measure, type Metrics, perBatch } from './measure.js';
import { TruthCount } from './truth.js';

/** One caption that was written, as `--predictions` lists them. */
export interface Prediction {
  readonly image: string;
  readonly caption: string;
  readonly references: readonly string[];
  /** Whether it is true of the picture, where that is known. */
  readonly true?: boolean;
}

/** What captions are worth: their truth where all true ones are known, and COCO's metrics against references. */
export class CaptioningMeasure implements Measure {
  readonly task = 'captioning';
  readonly #written: ReferencedCaption[] = [];
  readonly #truth = new TruthCount();

  constructor(
    private readonly coca: Coca,
    private readonly decoding: DecodingOptions,
    private readonly hooks: { readonly signal?: AbortSignal },
    private readonly onPrediction: (prediction: Prediction) => Promise<void>,
  ) {}

  get count(): number {
    return this.#written.length;
  }

  async add(batch: Batch, index: number): Promise<void> {
    const item = batch.items[index]!;
    const references = item.trueCaptions ?? item.captions;
    if (references.length === 0) throw new CocaError('bad-data', 'no caption to compare with');
    const candidate = (await this.#captionsOf(batch))[index]!;
    this.#written.push({ candidate, references });
    const isTrue = item.trueCaptions && this.#truth.add(candidate, item.trueCaptions);
    await this.onPrediction({
      ...predictionOf(item, candidate, references),
      ...(isTrue !== undefined && { true: isTrue }),
    });
  }

  /** All captions of a batch, searched for together. */
  readonly #captionsOf = perBatch(async (batch) => {
    const run = await this.coca.caption(await batch.encoding(), this.decoding, this.hooks);
    return run.captions.map((found) => found[0]!.text);
  });

  metrics(): Metrics {
    return { ...this.#truth.metrics(), ...captionMetrics(this.#written) };
  }
}

const predictionOf = ({ name }: Item, caption: string, references: readonly string[]): Prediction => ({
  image: name,
  caption,
  references,
});
