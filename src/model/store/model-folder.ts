import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { weightsFile } from '../checkpoint/index.js';
import type { CocaConfig } from '../config/config.js';
import { readConfigFile } from '../config/config-file.js';
import { NAMED_CONFIGS } from '../config/configs.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { CONFIG_FILE, TOKENIZER_FILE } from './model-files.js';
import { transformersModel } from './transformers-folder.js';

/** A model's files but for the weights themselves, read and checked. */
export interface ModelFolder {
  readonly folder: string;
  /** Path of the weights file, not opened yet. */
  readonly weights: string;
  readonly config: CocaConfig;
  readonly tokenizer: Tokenizer;
}

/**
 * Reads what lies beside the weights that `path` means: see `weightsFile`.
 * @throws CocaError `not-found`, `unreadable`, `bad-config`, `bad-tokenizer`, `bad-checkpoint` (sharded weights)
 */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const weights = await weightsFile(path);
  const folder = dirname(weights);
  const config = await readFolderConfig(folder);
  return { folder, weights, config, tokenizer: await tokenizerFor(config, folder) };
}

/**
 * The config beside a model's weights.
 * @throws CocaError `not-found`, `unreadable`, `bad-config`
 */
export async function readFolderConfig(folder: string): Promise<CocaConfig> {
  const path = join(folder, CONFIG_FILE);
  try {
    return await readConfigFile(path);
  } catch (cause) {
    if (!(cause instanceof CocaError) || cause.code !== 'not-found') throw cause;
    const foreign = await transformersModel(folder);
    if (foreign) throw foreign;
    throw new CocaError(
      'not-found',
      `${folder} holds weights but no ${CONFIG_FILE} that can be read`,
      `Put the config beside the weights. For a model of a known shape, "coca init NAME FOLDER" writes one (names: ${Object.keys(NAMED_CONFIGS).join(', ')}).`,
      { cause },
    );
  }
}

async function tokenizerFor(config: CocaConfig, folder: string): Promise<Tokenizer> {
  const { text, special_ids } = config;
  const file = join(folder, TOKENIZER_FILE);
  const hasFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!hasFile && text.hf_tokenizer_name !== null) {
    throw new CocaError(
      'bad-tokenizer',
      `the model was trained with the tokenizer ${text.hf_tokenizer_name}, and there is no ${file}`,
      "Put that tokenizer's tokenizer.json beside the weights.",
    );
  }
  return loadTokenizer({
    ...(hasFile && { file }),
    ...(special_ids && { special: special_ids }),
    huggingFace: text.hf_tokenizer_name !== null,
    contextLength: text.context_length,
    vocabSize: text.vocab_size,
  });
}
