import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Coca } from './api.js';
import { parameterShapes } from './architecture/parameters.js';
import { cacheFolder } from './cache.js';
import { checkShapes, openCheckpoint, type SafetensorsFile, weightsFile } from './checkpoint/index.js';
import { CocaModel } from './coca.js';
import { type CocaConfig, parseConfig } from './config.js';
import { NAMED_CONFIGS } from './configs.js';
import type { Device, Engine } from './engine/engines.js';
import { openNetwork } from './engine/open.js';
import { CocaError } from './errors.js';
import type { PictureOptions } from './image.js';
import { loadTokenizer, type Tokenizer } from './tokenizer.js';

export interface LoadOptions {
  /** A folder, a weights file, or a name; by default `$COCA_MODEL`, then the bundled model. */
  readonly model?: string;
  /** One of the engine's own; by default `auto`, the best that works. */
  readonly device?: Device | 'auto';
  /** By default `onnx`, the faster one. */
  readonly engine?: Engine;
  /** Receives one-line remarks for a person: which device was taken and why, what the bundled model knows. */
  readonly onNotice?: (text: string) => void;
}

export interface LoadedCoca extends Coca {
  /** How `loadPicture` must prepare pictures for this model. */
  readonly preprocess: PictureOptions;
}

/** The model that comes with the program. */
export const BUNDLED_MODEL = 'scenes';
/** From src/model and from dist/model alike. */
const BUNDLED_FOLDER = fileURLToPath(new URL(`../../fixtures/models/${BUNDLED_MODEL}`, import.meta.url));

const BUNDLED_NOTICE =
  'the bundled model knows pictures composed of emoji and nothing of photographs; ' +
  'for those: coca models pull coca_ViT-B-32, or --model FOLDER (an OpenCLIP CoCa checkpoint)';

/** What a model is made of, found and checked, before an engine sees it. */
export interface ModelFiles {
  readonly name: string;
  readonly config: CocaConfig;
  readonly tokenizer: Tokenizer;
  readonly checkpoint: SafetensorsFile;
}

/**
 * Finds a model and checks config, tokenizer and weights.
 * @throws CocaError `not-found`, `bad-config`, `bad-checkpoint` or `bad-tokenizer`
 */
export async function readModel(model: string | undefined): Promise<ModelFiles> {
  const { name, path } = locate(model);
  const weights = await weightsFile(path);
  const { config, folder } = await readConfig(weights);
  const tokenizer = await tokenizerFor(config, folder);
  return { name, config, tokenizer, checkpoint: await openWeights(weights, config) };
}

/**
 * Loads a model: config, tokenizer and weights are checked before an engine sees them.
 * @throws CocaError `not-found`, `bad-config`, `bad-checkpoint`, `bad-tokenizer`, `usage`, `device` or `engine`
 */
export async function loadCoca(options: LoadOptions = {}): Promise<LoadedCoca> {
  const { engine = 'onnx', device = 'auto', onNotice: notice = () => undefined } = options;
  const chosen = options.model ?? (process.env.COCA_MODEL || undefined);
  const { name, config, tokenizer, checkpoint } = await readModel(chosen);
  const network = await openNetwork(engine, device, config, checkpoint, notice);
  if (chosen === undefined) notice(BUNDLED_NOTICE);
  try {
    return await CocaModel.create(name, config, tokenizer, network, checkpoint);
  } catch (error) {
    await network.release();
    throw error;
  }
}

function locate(model: string | undefined): { readonly name: string; readonly path: string } {
  if (model === undefined || model === BUNDLED_MODEL) return { name: BUNDLED_MODEL, path: BUNDLED_FOLDER };
  if (Object.hasOwn(NAMED_CONFIGS, model) || model.startsWith('hf-hub:')) {
    throw new CocaError(
      'not-found',
      `the model ${model} is not on this machine`,
      'Fetch its OpenCLIP repository and give the folder: --model FOLDER (open_clip_config.json and weights in it).',
    );
  }
  const path = resolve(model);
  return { name: basename(path), path };
}

async function readConfig(weights: string): Promise<{ readonly config: CocaConfig; readonly folder: string }> {
  const folder = dirname(weights);
  const path = join(folder, 'open_clip_config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new CocaError(
      'not-found',
      `${folder} holds weights but no open_clip_config.json that can be read`,
      `Put the config beside the weights. For a model of a known shape, "coca init NAME FOLDER" writes one (names: ${Object.keys(NAMED_CONFIGS).join(', ')}).`,
      { cause },
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CocaError('bad-config', `${path} is not JSON: ${(cause as Error).message}`, undefined, { cause });
  }
  return { config: parseConfig(json, path), folder };
}

async function tokenizerFor(config: CocaConfig, folder: string): Promise<Tokenizer> {
  const { text, special_ids } = config;
  const file = join(folder, 'tokenizer.json');
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
    contextLength: text.context_length,
    vocabSize: text.vocab_size,
  });
}

/** Opens and checks the weights; the engine gets the real path, since it refuses to follow links out of a folder. */
async function openWeights(weights: string, config: CocaConfig): Promise<SafetensorsFile> {
  const checkpoint = await openCheckpoint(await realpath(weights), { cacheDir: join(cacheFolder(), 'converted') });
  checkShapes(checkpoint, parameterShapes(config));
  return checkpoint;
}
