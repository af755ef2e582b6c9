import { CocaError } from '../base/errors.js';
import type { Dataset } from './dataset.js';
import { indexShard } from './formats/tar.js';
import { readDescription } from './read.js';
import type { Description, Locator } from './sample.js';

/**
 * The samples of a data set once, in the order of its files: for what looks at each, in no need of shuffling.
 * @param onProblem a shard that cannot be read, or not whole; the others go on
 */
export async function* inSequence(dataset: Dataset, onProblem: (error: CocaError) => void): AsyncGenerator<Locator> {
  for (let i = 0; i < dataset.units; i++) {
    try {
      const { size, locate, problem } = await dataset.openUnit(i, indexShard);
      if (problem) onProblem(problem);
      for (let index = 0; index < size; index++) yield locate(index);
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      onProblem(error);
    }
  }
}

/**
 * What is known about the samples, their pictures left alone: the captions that a tokenizer is trained on, the labels
 * that there are.
 * @param onProblem a sample or shard that cannot be read; the others go on
 */
export async function* descriptions(
  dataset: Dataset,
  onProblem: (error: CocaError) => void,
): AsyncGenerator<Description> {
  for await (const locator of inSequence(dataset, onProblem)) {
    try {
      yield await readDescription(locator);
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      onProblem(error);
    }
  }
}
