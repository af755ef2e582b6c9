import { classIndexOf } from '../data/classes.js';
import { ClassificationCount } from '../metrics/classification.js';
import type { Classifier } from '../store/classifier.js';
import type { Batch, Measure, Metrics } from './measure.js';

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
