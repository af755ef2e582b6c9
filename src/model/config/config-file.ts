import { CocaError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import { readTextFile } from '../base/text-file.js';
import { type ModelConfig, parseConfig } from './config.js';

/** A config that OpenCLIP writes has about a thousand bytes. */
const MAX_CONFIG_BYTES = 2 ** 20;

/** OpenCLIP's have four levels. Whatever shows a config or writes it down goes through it by recursion. */
const MAX_LEVELS = 100;

/**
 * Reads an `open_clip_config.json`.
 * @param where what to call it in errors
 * @throws CocaError `bad-config`, `not-found`, `unreadable`
 */
export async function readConfigFile(path: string, where = path): Promise<ModelConfig> {
  return parseConfig(await readConfigJson(path, where), where);
}

/** @throws CocaError `bad-config`, `not-found`, `unreadable` naming the file */
export async function readConfigJson(path: string, where = path): Promise<unknown> {
  const json = parseJson(await readTextFile(path, 'config', MAX_CONFIG_BYTES), where, 'bad-config');
  if (hasMoreLevels(json, MAX_LEVELS)) throw new CocaError('bad-config', `${where} is nested too deeply for a config`);
  return json;
}

/** Whether there are more than so many objects and lists within each other. */
function hasMoreLevels(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => hasMoreLevels(inner, levels - 1));
}
