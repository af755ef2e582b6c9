import { CocaError } from '../base/errors.js';
import { didYouMeanName } from '../base/names/suggest.js';
import { readConfigJson } from './config-file.js';
import { CONFIG_NAMES_HINT, configSpelling, namedConfigs } from './configs.js';

/**
 * The content of a named config, in whatever case, or of a config file; what is there as a file is that.
 * @throws CocaError `not-found`, `bad-config`
 */
export async function readConfig(nameOrPath: string): Promise<unknown> {
  if (Object.hasOwn(namedConfigs(), nameOrPath)) return namedConfigs()[nameOrPath];
  try {
    return await readConfigJson(nameOrPath);
  } catch (cause) {
    if (!(cause instanceof CocaError) || cause.code !== 'not-found') throw cause;
    const spelling = configSpelling(nameOrPath);
    if (spelling !== undefined) return namedConfigs()[spelling];
    throw new CocaError(
      'not-found',
      `"${nameOrPath}" is no config that is known by name, and no file that can be read`,
      didYouMeanName(nameOrPath, Object.keys(namedConfigs())) ?? CONFIG_NAMES_HINT,
      { cause },
    );
  }
}
