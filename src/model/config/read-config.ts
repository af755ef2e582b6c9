import { CocaError } from '../base/errors.js';
import { readConfigJson } from './config-file.js';
import { CONFIG_NAMES_HINT, NAMED_CONFIGS } from './configs.js';

/**
 * The content of a named config or of a config file.
 * @throws CocaError `not-found`, `bad-config`
 */
export async function readConfig(nameOrPath: string): Promise<unknown> {
  if (Object.hasOwn(NAMED_CONFIGS, nameOrPath)) return NAMED_CONFIGS[nameOrPath];
  try {
    return await readConfigJson(nameOrPath);
  } catch (cause) {
    if (!(cause instanceof CocaError) || cause.code !== 'not-found') throw cause;
    throw new CocaError(
      'not-found',
      `"${nameOrPath}" is no config that is known by name, and no file that can be read`,
      CONFIG_NAMES_HINT,
      { cause },
    );
  }
}
