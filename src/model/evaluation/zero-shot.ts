import type { Coca } from '../api.js';
import { dot, meanDirection } from '../base/numbers/vectors.js';
import { type ClassNames, classIndexOf } from '../data/classes.js';
import { ClassificationCount } from '../metrics/classification.js';
import type { CutTexts } from '../tokenizer/usable.js';
import type { Batch, Measure, Metrics } from './measure.js';

/**
 * The classifiers of classes: for each the mean direction of the embeddings of its name in every template, embed_dim floats.
 * @param templates with `{}` where the name goes
 * @throws CocaError `bad-text` for a text that does not fit the model, unless it may be cut
 */
export async function classDirections(
  coca: Coca,
  names: readonly string[],
  templates: readonly string[],
  cut: CutTexts = {},
): Promise<readonly Float32Array[]> {
  const directions: Float32Array[] = [];
  for (const name of names) {
    const texts = await coca.encodeTexts(
      templates.map((template) => template.replaceAll('{}', () => name)),
      cut,
    );
    directions.push(meanDirection(texts));
  }
  return directions;
}

/**
 * Zero-shot classification (Radford et al. 2021): the class whose embedding is nearest to the picture's. A class is the
 * mean direction of the embeddings of its name in every template.
 */
export class ZeroShotMeasure implements Measure {
  readonly task = 'zeroshot_classification';
  count = 0;
  readonly #counts: ClassificationCount;

  private constructor(
    private readonly classes: ClassNames,
    /** One direction for each class. */
    private readonly directions: readonly Float32Array[],
  ) {
    this.#counts = new ClassificationCount(classes.names.length);
  }

  /**
   * @param templates with `{}` where the name goes
   * @throws CocaError `bad-text` for a text that does not fit the model, unless it may be cut
   */
  static async create(
    coca: Coca,
    classes: ClassNames,
    templates: readonly string[],
    cut: CutTexts = {},
  ): Promise<ZeroShotMeasure> {
    return new ZeroShotMeasure(classes, await classDirections(coca, classes.names, templates, cut));
  }

  async add(batch: Batch, index: number): Promise<void> {
    const target = classIndexOf(this.classes, batch.items[index]!.label);
    const { features } = await batch.encoding();
    this.#counts.add(
      this.directions.map((direction) => dot(direction, features[index]!)),
      target,
    );
    this.count++;
  }

  metrics(): Metrics {
    return { ...this.#counts.metrics() };
  }
}
