import { CocaError } from '../base/errors.js';
import { generatedScenes } from '../scenes/generated.js';
import { isScenes, parseScenes } from '../scenes/scenes-spec.js';
import type { Dataset } from './dataset.js';
import { type DatasetOptions, openDataset } from './open.js';
import type { Transform } from './prepare.js';

/**
 * Opens what training reads: files, or `scenes:...` for the synthetic world (as `parseScenes` reads it; `seed` then says which scenes;
 * pairs of things that are kept for tests never come).
 * @throws CocaError as `openDataset` and `parseScenes`; `usage` for `scenes:` with augmentation or where labels are needed
 */
export async function openTrainingSet(
  name: string,
  seed: number,
  transform: Transform,
  options: Partial<DatasetOptions> = {},
): Promise<Dataset> {
  if (!isScenes(name)) return openDataset(name, { needs: 'captions', ...options });
  if (options.needs === 'labels') {
    throw new CocaError(
      'usage',
      'scenes that are painted as they are needed have captions and no classes',
      'write some with coca scenes FOLDER: those that show one kind of thing have its name as their label',
    );
  }
  if (transform.augment) {
    throw new CocaError(
      'usage',
      'scenes are never twice the same: there is nothing to augment',
      'leave augmentation out',
    );
  }
  return generatedScenes(seed, transform.picture.size, parseScenes(name));
}
