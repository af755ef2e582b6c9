import { readFile } from 'node:fs/promises';
import { type CocaConfig, parseConfig } from './config.js';
import { CocaError } from './errors.js';

/**
 * Reads an `open_clip_config.json`.
 * @param where what to call it in errors
 * @throws CocaError `bad-config`; the system's error where the file cannot be read
 */
export async function readConfigFile(path: string, where = path): Promise<CocaConfig> {
  return parseConfig(await readJsonFile(path, where), where);
}

/** @throws CocaError `bad-config` naming the file; the system's error where it cannot be read */
export async function readJsonFile(path: string, where = path): Promise<unknown> {
  return parseJson(await readFile(path, 'utf8'), where);
}

/** @throws CocaError `bad-config` naming the file */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CocaError('bad-config', `${path} is not JSON: ${(cause as Error).message}`, undefined, { cause });
  }
}
