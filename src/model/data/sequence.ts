import { CocaError } from '../errors.js';
import type { Dataset } from './dataset.js';
import { readCaptions } from './read.js';
import type { Locator } from './sample.js';
import { indexShard } from './tar.js';

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
 * All captions of a data set, without its pictures: what a tokenizer is trained on.
 * @param onProblem a sample or shard that cannot be read; the others go on
 */
export async function* captionsOf(dataset: Dataset, onProblem: (error: CocaError) => void): AsyncGenerator<string> {
  for await (const locator of inSequence(dataset, onProblem)) {
    try {
      yield* await readCaptions(locator);
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      onProblem(error);
    }
  }
}
