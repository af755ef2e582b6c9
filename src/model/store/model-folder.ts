import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { RegularFile } from '../base/regular-file.js';
import { weightsFile } from '../checkpoint/index.js';
import { SPECIALS_FILES } from '../tokenizer/named-specials.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { type FoundConfig, findConfig } from './find-config.js';
import { TOKENIZER_FILE } from './model-files.js';

/** Where a model's files lie, and its config. */
export interface FoundModel extends FoundConfig {
  readonly folder: string;
  /** Path of the weights file, not opened yet. */
  readonly weights: string;
}

/** A model's files but for the weights themselves, read and checked. */
export interface ModelFolder extends FoundModel {
  readonly tokenizer: Tokenizer;
}

/**
 * Finds the files that `path` means (`weightsFile`), and reads the config beside the weights.
 * @param config a named config or the path of one, in its place
 * @throws CocaError `not-found`, `unreadable`, `bad-config`, `bad-checkpoint` (sharded weights)
 */
export async function findModelFiles(path: string, config?: string): Promise<FoundModel> {
  const weights = await weightsFile(path);
  return { folder: dirname(weights), weights, ...(await findConfig(weights, config)) };
}

/**
 * Reads what lies beside the weights that `path` means: see `findModelFiles`.
 * @throws CocaError as that, and `bad-tokenizer`
 */
export async function readModelFolder(path: string, config?: string): Promise<ModelFolder> {
  const found = await findModelFiles(path, config);
  return { ...found, tokenizer: await tokenizerIn(found) };
}

/**
 * The tokenizer of a model.
 * @throws CocaError `bad-tokenizer`, `unreadable`
 */
export async function tokenizerIn({ config, folder }: Pick<FoundModel, 'config' | 'folder'>): Promise<Tokenizer> {
  const { text, special_ids, multimodal } = config;
  const file = join(folder, TOKENIZER_FILE);
  const hasFile = await isFile(file);
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

/**
 * What tells the tokenizer of a model from another, beside its config: SHA-256 over the files that it is read from. Undefined where
 * there are none: it is OpenCLIP's.
 * @throws CocaError `unreadable`
 */
export async function tokenizerFingerprint(folder: string): Promise<string | undefined> {
  if (!(await isFile(join(folder, TOKENIZER_FILE)))) return undefined;
  const hash = createHash('sha256');
  for (const name of [TOKENIZER_FILE, ...SPECIALS_FILES]) {
    const path = join(folder, name);
    if (!(await isFile(path))) continue;
    const file = await RegularFile.open(path);
    try {
      hash.update(`${name} ${file.size}\n`).update(await file.read(0, file.size));
    } finally {
      await file.close();
    }
  }
  return hash.digest('hex');
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
