import { resolve } from 'node:path';
import { displayName } from '../hub/names.js';
import type { Precision } from '../quantise/precision.js';
import { BUNDLED_MODEL, chosenModel, locateModel } from './locate.js';
import { readModelFolder } from './model-folder.js';
import { changeSettings, readSettings, settingsFile } from './settings.js';

/**
 * Makes a model the one that is loaded where none is named.
 * @param precision what it is to be loaded in then
 * @returns what the settings now hold: a name, or an absolute path, since they are read from any folder
 * @throws CocaError as `locateModel` and `readModelFolder` for a model that is not here or cannot be read;
 *   `bad-settings`, `write-failed`
 */
export async function chooseModel(
  named: string,
  precision: Precision = 'fp32',
): Promise<{ readonly model: string; readonly precision?: Precision; readonly settings: string }> {
  const { name, path, hub } = await locateModel(named);
  await readModelFolder(path);
  const isBundled = name === BUNDLED_MODEL && (await chosenModel(named)).model === BUNDLED_MODEL;
  const model = isBundled ? BUNDLED_MODEL : hub ? displayName(hub) : resolve(named);
  const kept = precision === 'fp32' ? undefined : precision;
  // Without a model of its own a precision says nothing: the bundled one is then named.
  await changeSettings({ model: isBundled && kept === undefined ? undefined : model, precision: kept });
  return { model, ...(kept && { precision: kept }), settings: settingsFile() };
}

/**
 * Unsets the default if it is this model, which is gone.
 * @returns whether it was
 * @throws CocaError `bad-settings`, `write-failed`
 */
export async function forgetModel(name: string): Promise<boolean> {
  if ((await readSettings()).model !== name) return false;
  await changeSettings({ model: undefined, precision: undefined });
  return true;
}
