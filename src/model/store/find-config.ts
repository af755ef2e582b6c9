import { dirname, join } from 'node:path';
import { parameterShapes } from '../architecture/parameters.js';
import { CocaError } from '../base/errors.js';
import { exists } from '../base/folders.js';
import { checkShapes, listTensors, type TensorList } from '../checkpoint/index.js';
import { type ModelConfig, parseConfig } from '../config/config.js';
import { readConfigJson } from '../config/config-file.js';
import { CONFIG_NAMES_HINT, namedConfigs } from '../config/configs.js';
import { readConfig } from '../config/read-config.js';
import { CONFIG_FILE } from './model-files.js';
import { transformersModel } from './transformers-folder.js';

/** A config, and where it is from. */
export interface FoundConfig {
  readonly config: ModelConfig;
  /** As it was read. */
  readonly json: unknown;
  /** The name of the config whose shapes the weights have, where nothing else tells it. */
  readonly inferred?: string;
}

/**
 * The config of a weights file: the one that is given, else the one beside it, else the only named one whose shapes the
 * weights have.
 * @param given a named config or the path of a config file
 * @throws CocaError `not-found` where nothing tells, `bad-config`, `unreadable`; `bad-checkpoint` for weights that have no shapes
 */
export async function findConfig(weights: string, given?: string): Promise<FoundConfig> {
  if (given !== undefined) {
    const json = await readConfig(given);
    return { config: parseConfig(json, given), json };
  }
  const folder = dirname(weights);
  const path = join(folder, CONFIG_FILE);
  if (await exists(path)) {
    const json = await readConfigJson(path);
    return { config: parseConfig(json, path), json };
  }
  const foreign = await transformersModel(folder);
  if (foreign) throw foreign;
  const fitting = fittingConfigs(await listTensors(weights));
  const [name] = fitting;
  if (fitting.length === 1)
    return { config: parseConfig(namedConfigs()[name!], name!), json: namedConfigs()[name!], inferred: name! };
  if (fitting.length > 1) {
    throw new CocaError(
      'not-found',
      `${weights}: there is no ${CONFIG_FILE} beside it, and its shapes are those of ${fitting.join(', ')}`,
      `say which with --config, for example --config ${name}`,
    );
  }
  throw new CocaError(
    'not-found',
    `${weights}: there is no ${CONFIG_FILE} beside it, and its shapes are those of no config that is known by name`,
    `put the config beside the weights, or name it with --config: a file, or a name (${CONFIG_NAMES_HINT})`,
  );
}

/** Names of the configs whose tensors are these, all and no others. */
export function fittingConfigs(list: TensorList): readonly string[] {
  return Object.keys(namedConfigs()).filter((name) => {
    try {
      checkShapes(list, parameterShapes(parseConfig(namedConfigs()[name], name)));
      return true;
    } catch (error) {
      if (error instanceof CocaError) return false;
      throw error;
    }
  });
}
