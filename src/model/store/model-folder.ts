import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { weightsFile } from '../checkpoint/index.js';
import type { ModelConfig } from '../config/config.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { type FoundConfig, findConfig } from './find-config.js';
import { TOKENIZER_FILE } from './model-files.js';

/** A model's files but for the weights themselves, read and checked. */
export interface ModelFolder extends FoundConfig {
  readonly folder: string;
  /** Path of the weights file, not opened yet. */
  readonly weights: string;
  readonly tokenizer: Tokenizer;
}

/**
 * Reads what lies beside the weights that `path` means: see `weightsFile`.
 * @param config a named config or the path of one, in place of the one beside the weights
 * @throws CocaError `not-found`, `unreadable`, `bad-config`, `bad-tokenizer`, `bad-checkpoint` (sharded weights)
 */
export async function readModelFolder(path: string, config?: string): Promise<ModelFolder> {
  const weights = await weightsFile(path);
  const folder = dirname(weights);
  const found = await findConfig(weights, config);
  return { folder, weights, ...found, tokenizer: await tokenizerFor(found.config, folder) };
}

async function tokenizerFor(config: ModelConfig, folder: string): Promise<Tokenizer> {
  const { text, special_ids, multimodal } = config;
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
    how: text.tokenizer_kwargs,
    isStartless: multimodal === null,
    contextLength: text.context_length,
    vocabSize: text.vocab_size,
  });
}
