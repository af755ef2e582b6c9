import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Coca } from './api.js';
import { parameterShapes } from './architecture/parameters.js';
import { cacheFolder } from './cache.js';
import { checkShapes, openCheckpoint, type SafetensorsFile, weightsFile } from './checkpoint/index.js';
import { CocaModel } from './coca.js';
import type { CocaConfig } from './config.js';
import { readConfigFile } from './config-file.js';
import { NAMED_CONFIGS } from './configs.js';
import type { Network } from './engine/network.js';
import { chooseDevice, type Device, type DeviceChoice, describeChoice } from './engine/onnx/devices.js';
import { OnnxNetwork } from './engine/onnx/network.js';
import { CocaError } from './errors.js';
import type { PictureOptions } from './image.js';
import { locateModel } from './locate.js';
import { CONFIG_FILE, TOKENIZER_FILE } from './model-files.js';
import { loadTokenizer } from './tokenizer.js';

export interface LoadOptions {
  /** What `locateModel` takes: a name, a folder or a weights file. By default the one that the user chose. */
  readonly model?: string;
  readonly device?: Device | 'auto';
  readonly engine?: 'onnx';
  /** Receives one-line remarks for a person: which device was taken and why, what the bundled model knows. */
  readonly onNotice?: (text: string) => void;
}

export interface LoadedCoca extends Coca {
  /** How `loadPicture` must prepare pictures for this model. */
  readonly preprocess: PictureOptions;
}

const BUNDLED_NOTICE =
  'the bundled model knows pictures composed of emoji and nothing of photographs; ' +
  'for those: coca models pull coca_ViT-B-32, or --model FOLDER (an OpenCLIP CoCa checkpoint)';

/**
 * Loads a model: config, tokenizer and weights are checked before an engine sees them.
 * @throws CocaError `not-found`, `usage`, `bad-settings`, `bad-config`, `bad-checkpoint`, `bad-tokenizer`, `device` or `engine`
 */
export async function loadCoca(options: LoadOptions = {}): Promise<LoadedCoca> {
  const notice = options.onNotice ?? (() => undefined);
  const { name, path, chosenBy } = await locateModel(options.model);
  const weights = await weightsFile(path);
  const { config, folder } = await readConfig(weights);
  const tokenizer = await tokenizerFor(config, folder);
  const checkpoint = await openWeights(weights, config);
  const network = await openNetwork(config, checkpoint, options.device ?? 'auto', notice);
  if (chosenBy === 'nobody') notice(BUNDLED_NOTICE);
  try {
    return await CocaModel.create(name, config, tokenizer, network, checkpoint);
  } catch (error) {
    await network.release();
    throw error;
  }
}

async function readConfig(weights: string): Promise<{ readonly config: CocaConfig; readonly folder: string }> {
  const folder = dirname(weights);
  const path = join(folder, CONFIG_FILE);
  try {
    return { config: await readConfigFile(path), folder };
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError(
      'not-found',
      `${folder} holds weights but no ${CONFIG_FILE} that can be read`,
      `Put the config beside the weights. For a model of a known shape, "coca init NAME FOLDER" writes one (names: ${Object.keys(NAMED_CONFIGS).join(', ')}).`,
      { cause },
    );
  }
}

async function tokenizerFor(config: CocaConfig, folder: string) {
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

async function openNetwork(
  config: CocaConfig,
  checkpoint: SafetensorsFile,
  wanted: Device | 'auto',
  notice: (text: string) => void,
): Promise<Network> {
  let choice: DeviceChoice = await chooseDevice(wanted);
  let network = await OnnxNetwork.open(config, checkpoint, choice.device);
  if (wanted === 'auto') {
    if (choice.device !== 'cpu') {
      try {
        await network.prepare('images');
      } catch (error) {
        // It computes small things but not this model (its memory, an operator): the CPU can.
        await network.release();
        const reason = (error as Error).message;
        choice = { device: 'cpu', passedOver: [...choice.passedOver, { device: choice.device, reason }] };
        network = await OnnxNetwork.open(config, checkpoint, 'cpu');
      }
    }
    notice(describeChoice(choice));
  }
  return network;
}
