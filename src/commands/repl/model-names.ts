import type { Word } from '../../cli/completion/vocabulary.js';
import { STATES } from '../models/list.js';

/** Names that `--model` takes, besides paths: those on this machine first, then those that could be fetched. */
export async function modelNames(): Promise<readonly Word[]> {
  const { listModels } = await import('../../model/store/list-models.js');
  return (await listModels()).map(({ name, state }) => ({ word: name, about: STATES[state] }));
}
