import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { decodeText } from '../base/text-decoding.js';
import { readSmallFile, type readTextFile } from '../base/text-file.js';
import type { ModelConfig } from '../config/config.js';
import { SPECIALS_FILES } from '../tokenizer/named-specials.js';
import { loadTokenizer, MAX_TOKENIZER_BYTES, type Tokenizer, type TokenizerOptions } from '../tokenizer/tokenizer.js';
import { TOKENIZER_FILE } from './model-files.js';

/** The files that a model's tokenizer is read from, by their names. None: it is OpenCLIP's. */
export type TokenizerFiles = ReadonlyMap<string, Uint8Array>;

/** @throws CocaError `unreadable` */
export async function tokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of [TOKENIZER_FILE, ...SPECIALS_FILES]) {
    const path = join(folder, name);
    if (await isFile(path)) files.set(name, await readSmallFile(path, name, MAX_TOKENIZER_BYTES));
    else if (name === TOKENIZER_FILE) break;
  }
  return files;
}

/** What tells a tokenizer from another, beside its model's config: SHA-256 over its files, in 64 hexadecimal digits. */
export function fingerprintOf(files: TokenizerFiles): string | undefined {
  if (files.size === 0) return undefined;
  const hash = createHash('sha256');
  for (const [name, bytes] of files) hash.update(`${name} ${bytes.length}\n`).update(bytes);
  return hash.digest('hex');
}

/**
 * The tokenizer of a model.
 * @throws CocaError `bad-tokenizer`, `unreadable`
 */
export async function tokenizerIn(folder: string, config: ModelConfig): Promise<Tokenizer> {
  const file = join(folder, TOKENIZER_FILE);
  return tokenizerOf(config, (await isFile(file)) ? { file } : {}, file);
}

/**
 * The same from files that are at hand.
 * @throws CocaError `bad-tokenizer`
 */
export function tokenizerFrom(files: TokenizerFiles, config: ModelConfig): Promise<Tokenizer> {
  const readText: typeof readTextFile = async (name, what, limit) => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new CocaError('not-found', `${name} is not there`);
    if (bytes.length > limit)
      throw new CocaError('unreadable', `${name}: ${bytes.length} bytes are too many for a ${what}`);
    return decodeText(bytes, name);
  };
  return tokenizerOf(config, files.has(TOKENIZER_FILE) ? { file: TOKENIZER_FILE, readText } : {}, TOKENIZER_FILE);
}

async function tokenizerOf(
  { text, special_ids, multimodal }: ModelConfig,
  where: Pick<TokenizerOptions, 'file' | 'readText'>,
  expected: string,
): Promise<Tokenizer> {
  if (where.file === undefined && text.hf_tokenizer_name !== null) {
    throw new CocaError(
      'bad-tokenizer',
      `the model was trained with the tokenizer ${text.hf_tokenizer_name}, and there is no ${expected}`,
      "Put that tokenizer's tokenizer.json beside the weights.",
    );
  }
  return loadTokenizer({
    ...where,
    ...(special_ids && { special: special_ids }),
    huggingFace: text.hf_tokenizer_name !== null,
    how: text.tokenizer_kwargs,
    isStartless: multimodal === null,
    contextLength: text.context_length,
    vocabSize: text.vocab_size,
  });
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
