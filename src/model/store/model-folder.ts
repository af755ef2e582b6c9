import { dirname } from 'node:path';
import { weightsFile } from '../checkpoint/index.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { type FoundConfig, findConfig } from './find-config.js';
import { tokenizerIn } from './tokenizer-files.js';

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
  return { ...found, tokenizer: await tokenizerIn(found.folder, found.config) };
}
