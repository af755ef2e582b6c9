import type { Word } from '../../cli/completion/vocabulary.js';
import { STATES } from '../models/list.js';

/** Names that `--model` takes, besides paths: those on this machine first, then those that could be fetched. */
export async function modelNames(): Promise<readonly Word[]> {
  const { listModels } = await import('../../model/store/list-models.js');
  return (await listModels()).map(({ name, state }) => ({ word: name, about: STATES[state] }));
}

/** The sites of a model; none where it is not on this machine. */
export async function siteNames(model: string | undefined): Promise<readonly string[]> {
  const { sitesOfModel } = await import('../../model/interventions/sites-of-model.js');
  return sitesOfModel(model).then(
    ({ sites }) => sites,
    () => [],
  );
}
