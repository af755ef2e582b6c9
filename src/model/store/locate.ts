import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CocaError } from '../base/errors.js';
import { exists } from '../base/folders.js';
import { didYouMeanName } from '../base/names/suggest.js';
import { parseConfig } from '../config/config.js';
import { configSpelling, namedConfigs } from '../config/configs.js';
import { hubCacheFolder } from '../hub/environment.js';
import { cachedAs, cachedModels } from '../hub/installed.js';
import { findSnapshot } from '../hub/layout.js';
import {
  displayName,
  isHubName,
  isPlainName,
  isShortName,
  knownModels,
  looksLikeRepository,
  parseHubName,
  type RepositoryRef,
  spelledName,
  withoutPrefix,
} from '../hub/names.js';
import type { Precision } from '../quantise/precision.js';
import { readSettings, settingsFile } from './settings.js';

/** The model that comes with the program. */
export const BUNDLED_MODEL = 'scenes';
/** From src/model and from dist/model alike. */
export const BUNDLED_FOLDER = fileURLToPath(new URL(`../../../fixtures/models/${BUNDLED_MODEL}`, import.meta.url));

/** What chose a model: the caller, `$COCA_MODEL`, `coca models use`, or nothing: then it is the bundled one. */
export type ChosenBy = 'caller' | 'environment' | 'settings' | 'default';

/** A model that is on this machine. */
export interface LocatedModel {
  /** What results call it: a bundled or short name, OWNER/NAME, or the name of its folder or file. */
  readonly name: string;
  /** Its folder, or its weights file. */
  readonly path: string;
  /** Where it is from, for one in the hub's cache. */
  readonly hub?: RepositoryRef;
  readonly chosenBy: ChosenBy;
  /** What the settings say that its large matrices are kept in, where they chose it. */
  readonly precision?: Precision;
}

/**
 * Which model is meant, in the order: named by the caller, `$COCA_MODEL`, the settings, the bundled one. Names are found in
 * whatever case, and given as they are spelled; what is there as a file or folder is that.
 */
export async function chosenModel(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ readonly model: string } & Pick<LocatedModel, 'chosenBy' | 'precision'>> {
  if (named !== undefined) return { model: await spelled(named, env), chosenBy: 'caller' };
  if (env.COCA_MODEL) return { model: await spelled(env.COCA_MODEL, env), chosenBy: 'environment' };
  const { model, ...precision } = await readSettings(env);
  if (model === undefined) return { model: BUNDLED_MODEL, chosenBy: 'default' };
  return { model: await spelled(model, env), ...precision, chosenBy: 'settings' };
}

/** A name as it is spelled; what is none stays. */
async function spelled(model: string, env: NodeJS.ProcessEnv): Promise<string> {
  const known = spelledName(model);
  const isExact = model === BUNDLED_MODEL || (known === model && isShortName(model));
  if (isExact || (await exists(resolve(model)))) return model;
  if (known !== model) return known;
  if (model.toLowerCase() === BUNDLED_MODEL) return BUNDLED_MODEL;
  if (!isHubName(model) && !looksLikeRepository(model)) return configSpelling(model) ?? model;
  const cached = cachedAs(withoutPrefix(model), await cachedModels(env));
  return cached?.name ?? model;
}

/**
 * Finds a model: a bundled name, a short name or `hf-hub:OWNER/NAME` in the hub's cache, a folder or file, or OWNER/NAME
 * in the cache where there is no such folder. Opens nothing.
 * @throws CocaError `not-found` with the command that fetches it; `usage` for a name that cannot be one; `bad-settings`
 */
export async function locateModel(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<LocatedModel> {
  const { model, ...chosen } = await chosenModel(named, env);
  try {
    return { ...(await find(model, env)), ...chosen };
  } catch (error) {
    const { chosenBy } = chosen;
    if (!(error instanceof CocaError) || error.code !== 'not-found' || chosenBy === 'caller') throw error;
    const by = chosenBy === 'environment' ? '$COCA_MODEL' : settingsFile(env);
    throw new CocaError('not-found', `${error.message} (named by ${by})`, error.hint, { cause: error });
  }
}

/**
 * What the model is called that is meant, whether or not it is on this machine.
 * @throws CocaError `usage` for a name that cannot be one; `bad-settings`
 */
export async function wantedModel(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Pick<LocatedModel, 'name' | 'chosenBy' | 'precision'>> {
  const { model, ...chosen } = await chosenModel(named, env);
  const isOnHub = isHubName(model) || looksLikeRepository(model);
  return { name: isOnHub ? displayName(parseHubName(model)) : model, ...chosen };
}

async function find(model: string, env: NodeJS.ProcessEnv): Promise<Omit<LocatedModel, 'chosenBy' | 'precision'>> {
  if (model === BUNDLED_MODEL) return { name: BUNDLED_MODEL, path: BUNDLED_FOLDER };
  if (isHubName(model)) return inCache(model, env);
  const path = resolve(model);
  if (await exists(path)) return { name: basename(path), path };
  if (looksLikeRepository(model)) return inCache(model, env);
  if (Object.hasOwn(namedConfigs(), model)) {
    parseConfig(namedConfigs()[model], model);
    throw new CocaError(
      'not-found',
      `no weights of ${model} are known by name`,
      `coca init ${model} FOLDER makes random ones; hf-hub:OWNER/NAME takes any repository`,
    );
  }
  const guess = isWord(model) ? didYouMeanName(model, await loadableNames(env)) : undefined;
  throw new CocaError(
    'not-found',
    guess === undefined ? `${path}: no such file` : `there is no model ${model}, and no such file`,
    guess ?? 'check the path; coca models lists the names that are known',
  );
}

/** Whether a text is no path, and no name of a file with weights. */
const isWord = (text: string): boolean => !/[/\\]|^[.~]|\.(safetensors|bin|pt|pth)$/.test(text);

/** Names to guess at: what is here first, then all that are known. */
async function loadableNames(env: NodeJS.ProcessEnv): Promise<string[]> {
  const cached = await cachedModels(env);
  return [BUNDLED_MODEL, ...cached.map(({ name }) => name), ...Object.keys(knownModels()).filter(isPlainName)];
}

async function inCache(model: string, env: NodeJS.ProcessEnv): Promise<Omit<LocatedModel, 'chosenBy' | 'precision'>> {
  const hub = parseHubName(model);
  const name = displayName(hub);
  return { name, path: await findSnapshot(hub, name, hubCacheFolder(env)), hub };
}
