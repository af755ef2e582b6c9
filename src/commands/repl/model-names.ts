import { BUNDLED_MODEL } from '../../model/load.js';

/** Names that `--model` takes, besides paths. */
export async function modelNames(): Promise<readonly string[]> {
  return [BUNDLED_MODEL];
}
