import { stat } from 'node:fs/promises';
import { weightsFile } from '../checkpoint/weights-file.js';
import { parseConfig } from '../config/config.js';
import { namedConfigs } from '../config/configs.js';
import { cachedModels } from '../hub/installed.js';
import { displayName, isHubName, isPlainName, knownModels, parseHubName } from '../hub/names.js';
import { countParameters } from './inspect.js';
import { BUNDLED_FOLDER, BUNDLED_MODEL, chosenModel, locateModel } from './locate.js';

export interface ListedModel {
  readonly name: string;
  /**
   * `partial`: its weights have not come whole; `folder`: the default, where that is a folder or file; `missing`: the
   * default, where that is not here; `known`: could be fetched.
   */
  readonly state: 'bundled' | 'installed' | 'partial' | 'folder' | 'missing' | 'known';
  readonly isDefault: boolean;
  readonly repository: string | null;
  readonly commit: string | null;
  readonly folder: string | null;
  /** Of config and weights; of a partial one, what has come. */
  readonly bytes: number | null;
  /** Of one that is not here: four for each parameter, as released weights are stored. */
  readonly approximateBytes: number | null;
}

/** The bundled model, all in the hub's cache, those known by name, and the default if it is another one still. */
export async function listModels(): Promise<ListedModel[]> {
  const nothing = { repository: null, commit: null, folder: null, bytes: null, approximateBytes: null };
  const { model: chosen } = await chosenModel(undefined);
  const name = isHubName(chosen) ? displayName(parseHubName(chosen)) : chosen;
  const entries: Omit<ListedModel, 'isDefault'>[] = [
    {
      ...nothing,
      name: BUNDLED_MODEL,
      state: 'bundled',
      folder: BUNDLED_FOLDER,
      bytes: (await stat(await weightsFile(BUNDLED_FOLDER))).size,
    },
  ];
  for (const { partialBytes, bytes = null, ...model } of await cachedModels()) {
    const state = bytes === null ? 'partial' : 'installed';
    entries.push({ ...nothing, ...model, state, bytes: bytes ?? partialBytes });
  }
  for (const [known, repository] of Object.entries(knownModels())) {
    if (!isPlainName(known) || entries.some((entry) => entry.name === known)) continue;
    entries.push({ ...nothing, name: known, state: 'known', repository, approximateBytes: expectedBytes(known) });
  }
  if (!entries.some((entry) => entry.name === name)) entries.push(await outside(chosen, name));
  return entries.map(({ name: own, state, ...rest }) => ({ name: own, state, isDefault: own === name, ...rest }));

  async function outside(model: string, shown: string): Promise<Omit<ListedModel, 'isDefault'>> {
    try {
      const { path, hub } = await locateModel(model);
      const bytes = (await stat(await weightsFile(path))).size;
      return { ...nothing, name: shown, state: hub ? 'installed' : 'folder', folder: path, bytes };
    } catch {
      return { ...nothing, name: shown, state: 'missing' };
    }
  }
}

/** Released weights are float32, in the shape of the config of their name. */
function expectedBytes(known: string): number | null {
  const name = known.replace(/^mscoco_/, '');
  return Object.hasOwn(namedConfigs(), name)
    ? 4 * countParameters(parseConfig(namedConfigs()[name], name)).total
    : null;
}
