import type { Coca } from '../api.js';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { grouped, mapAhead } from '../base/pipeline.js';
import type { Dataset } from '../data/dataset.js';
import { pictureOf } from '../data/prepare.js';
import { nameOf, readSample } from '../data/read.js';
import type { Locator } from '../data/sample.js';
import { inSequence } from '../data/sequence.js';
import type { PictureOptions } from '../image/load-picture.js';
import { Batch, type Item, type Measure } from './measure.js';

export interface EvaluationOptions {
  /** How pictures must be loaded for the model. */
  readonly preprocess: PictureOptions;
  /** Pictures that go through the model together. */
  readonly batch: number;
  /** Only so many samples. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** A sample that cannot be read, or not measured by one of the measures. */
  readonly onProblem: (name: string, error: CocaError) => void;
  readonly onProgress?: (done: number) => void;
}

/** What became of the samples. */
export interface EvaluationCounts {
  readonly seen: number;
  /** Samples that could not be read or measured by all measures, and files that were not read to their end: each once. */
  readonly failed: number;
}

/**
 * Shows every sample of a data set to all measures, in one pass.
 * @throws CocaError `interrupted`, and what the model throws
 */
export async function evaluate(
  coca: Coca,
  dataset: Dataset,
  measures: readonly Measure[],
  options: EvaluationOptions,
): Promise<EvaluationCounts> {
  const { batch, limit = Number.POSITIVE_INFINITY, onProblem, onProgress } = options;
  let seen = 0;
  let failed = 0;
  const brokenUnit = (error: CocaError) => {
    failed++;
    onProblem(dataset.name, error);
  };
  const locators = first(inSequence(dataset, brokenUnit), limit);
  const load = (locator: Locator) => loadItem(locator, options.preprocess);
  for await (const group of grouped(mapAhead(locators, load, 2 * batch), batch)) {
    stopIfAborted(options.signal);
    for (const { name, error } of group.filter(isFailed)) onProblem(name, error);
    const items = group.filter(isItem);
    const pictures = new Batch(coca, items);
    failed += group.length - items.length;
    for (const [index, { name }] of items.entries()) {
      const errors: CocaError[] = [];
      for (const measure of measures) await addTo(measure, pictures, index, (error) => errors.push(error));
      for (const error of errors) onProblem(name, error);
      if (errors.length > 0) failed++;
    }
    seen += group.length;
    onProgress?.(seen);
  }
  return { seen, failed };
}

async function addTo(measure: Measure, batch: Batch, index: number, fail: (error: CocaError) => void): Promise<void> {
  try {
    await measure.add(batch, index);
  } catch (error) {
    if (!(error instanceof CocaError && (error.code === 'bad-data' || error.code === 'bad-text'))) throw error;
    fail(error);
  }
}

interface Failed {
  readonly name: string;
  readonly error: CocaError;
}

const isFailed = (loaded: Item | Failed): loaded is Failed => 'error' in loaded;
const isItem = (loaded: Item | Failed): loaded is Item => !isFailed(loaded);

async function loadItem(locator: Locator, preprocess: PictureOptions): Promise<Item | Failed> {
  try {
    const { image, ...known } = await readSample(locator);
    return { ...known, picture: await pictureOf({ ...known, image }, preprocess) };
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    return { name: nameOf(locator), error };
  }
}

async function* first<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  if (count < 1) return;
  let given = 0;
  for await (const item of source) {
    yield item;
    if (++given >= count) return;
  }
}
