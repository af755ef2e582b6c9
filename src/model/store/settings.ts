import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { isObject, type Json, parseJson } from '../base/json.js';
import { fileError } from '../base/regular-file.js';
import { decodeText } from '../base/text-decoding.js';
import { orWriteFailed, writeWhole } from '../base/whole-file.js';
import { PRECISIONS, type Precision } from '../quantise/precision.js';

/** What the user has set for good. */
export interface Settings {
  /** The model to load where none is named, as `--model` takes it. */
  readonly model?: string;
  /** What that model's large matrices are kept in; where it is left out, as its checkpoint has them. */
  readonly precision?: Precision;
}

/** The folder for what the user has set: `$COCA_CONFIG`, else the platform's config folder (XDG on Linux). */
export function configFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.COCA_CONFIG) return env.COCA_CONFIG;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'coca');
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'coca');
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'coca');
}

export const settingsFile = (env?: NodeJS.ProcessEnv): string => join(configFolder(env), 'settings.json');

/**
 * Reads the settings; without a file they are empty.
 * @throws CocaError `bad-settings`
 */
export async function readSettings(env?: NodeJS.ProcessEnv): Promise<Settings> {
  const { model, precision } = await readFields(settingsFile(env));
  if (model === undefined) return {};
  if (typeof model !== 'string' || model === '') throw broken(`${settingsFile(env)}: "model" must be a name or a path`);
  if (precision === undefined) return { model };
  const known = PRECISIONS.find((one) => one === precision);
  if (known === undefined) throw broken(`${settingsFile(env)}: "precision" must be one of ${PRECISIONS.join(', ')}`);
  return { model, precision: known };
}

/**
 * Changes some settings (to undefined: unsets them) and leaves the others as they are, also those that this version does
 * not know.
 * @throws CocaError `bad-settings`, `write-failed`
 */
export async function changeSettings(changes: { [K in keyof Settings]: Settings[K] | undefined }): Promise<void> {
  const path = settingsFile();
  const fields = { ...(await readFields(path)), ...changes };
  await orWriteFailed(path, makeFolder(configFolder()));
  await writeWhole(path, (write) => write(Buffer.from(`${JSON.stringify(fields, null, 2)}\n`)));
}

async function readFields(path: string): Promise<Json> {
  try {
    const json = parseJson(decodeText(await readFile(path), path), path, 'bad-settings');
    if (isObject(json)) return json;
  } catch (cause) {
    const error = fileError(path, cause);
    if (error.code === 'not-found') return {};
    throw broken(error.message, cause);
  }
  throw broken(`${path}: it must be a JSON object`);
}

function broken(message: string, cause?: unknown): CocaError {
  return new CocaError('bad-settings', message, 'mend the file or remove it', { cause });
}
