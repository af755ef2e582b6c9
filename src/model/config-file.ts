import { type CocaConfig, parseConfig } from './config.js';
import { CocaError } from './errors.js';
import { readTextFile } from './text-file.js';

/** A config that OpenCLIP writes has about a thousand bytes. */
const MAX_CONFIG_BYTES = 2 ** 20;

/**
 * Reads an `open_clip_config.json`.
 * @param where what to call it in errors
 * @throws CocaError `bad-config`, `not-found`, `unreadable`
 */
export async function readConfigFile(path: string, where = path): Promise<CocaConfig> {
  return parseConfig(await readJsonFile(path, where), where);
}

/** @throws CocaError `bad-config`, `not-found`, `unreadable` naming the file */
export async function readJsonFile(path: string, where = path): Promise<unknown> {
  return parseJson(await readTextFile(path, 'config', MAX_CONFIG_BYTES), where);
}

/** @throws CocaError `bad-config` naming the file */
function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CocaError('bad-config', `${path} is not JSON: ${(cause as Error).message}`, undefined, { cause });
  }
}
