import { classIndexOf } from '../data/classes.js';
import { ClassificationCount } from '../metrics/classification.js';
import { Confusion } from '../metrics/confusion.js';
import type { Head } from '../probing/head.js';
import type { Classifier } from '../store/classifier.js';
import { type Batch, type Measure, type Metrics, perBatch } from './measure.js';

/** Classification by a linear classifier that was trained with the vision tower. */
export class ClassifierMeasure implements Measure {
  readonly task = 'linear_classification';
  count = 0;
  readonly #counts: ClassificationCount;

  constructor(private readonly classifier: Classifier) {
    this.#counts = new ClassificationCount(classifier.classes.names.length);
  }

  async add(batch: Batch, index: number): Promise<void> {
    const target = classIndexOf(this.classifier.classes, batch.items[index]!.label);
    const { latents } = await batch.encoding();
    this.#counts.add(this.classifier.logits(latents[index]!), target);
    this.count++;
  }

  metrics(): Metrics {
    return { ...this.#counts.metrics() };
  }
}

/** Classification by a head on frozen features: also each class by itself, and what is taken for what. */
export class HeadMeasure implements Measure {
  count = 0;
  readonly #counts: ClassificationCount;
  readonly #confusion: Confusion;
  readonly #logits: (batch: Batch) => Promise<number[][]>;

  constructor(private readonly head: Head) {
    this.#counts = new ClassificationCount(head.classes.names.length);
    this.#confusion = new Confusion(head.classes.rows.map(({ label }) => label));
    this.#logits = perBatch(async (batch) => head.logits(await batch.encoding()));
  }

  get task(): string {
    return `${this.head.kind}_head_classification`;
  }

  async add(batch: Batch, index: number): Promise<void> {
    const target = classIndexOf(this.head.classes, batch.items[index]!.label);
    const logits = (await this.#logits(batch))[index]!;
    this.#counts.add(logits, target);
    this.#confusion.add(target, logits.indexOf(Math.max(...logits)));
    this.count++;
  }

  metrics(): Metrics {
    return { ...this.#counts.metrics(), ...this.#confusion.metrics() };
  }

  details(): object {
    return { confusion: this.#confusion.table };
  }

  release(): void {
    this.head.release();
  }
}
