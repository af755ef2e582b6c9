import { CocaError } from '../base/errors.js';
import type { Dataset } from './dataset.js';

/**
 * Several data sets as one, all of their units in one order.
 * @throws CocaError `usage` for one that is not shuffled (scenes, which never end) beside others
 */
export function joinDatasets(datasets: readonly Dataset[]): Dataset {
  const [first] = datasets as readonly [Dataset];
  if (datasets.length === 1) return first;
  const endless = datasets.find(({ shuffled }) => !shuffled);
  if (endless) {
    throw new CocaError(
      'usage',
      `${endless.name} without end leave no room for other data`,
      'write some with coca scenes FOLDER, and name their captions.jsonl beside the other data',
    );
  }
  const sizes = datasets.map(({ size }) => size);
  return {
    name: datasets.map(({ name }) => name).join(' + '),
    size: sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : undefined,
    units: datasets.reduce((sum, { units }) => sum + units, 0),
    mix: datasets.reduce((sum, { mix }) => sum + mix, 0),
    shuffled: true,
    async openUnit(unit, indexShard) {
      let index = unit;
      for (const dataset of datasets) {
        if (index < dataset.units) return dataset.openUnit(index, indexShard);
        index -= dataset.units;
      }
      throw new RangeError(`no unit ${unit} in ${datasets.length} data sets`);
    },
  };
}
