import { realpath } from 'node:fs/promises';
import type { Coca } from './api.js';
import { parameterShapes } from './architecture/parameters.js';
import { conversionsFolder } from './cache.js';
import { checkShapes, openCheckpoint, type SafetensorsFile } from './checkpoint/index.js';
import { CocaModel } from './coca.js';
import type { CocaConfig } from './config.js';
import type { Network } from './engine/network.js';
import { chooseDevice, type Device, type DeviceChoice, describeChoice } from './engine/onnx/devices.js';
import { OnnxNetwork } from './engine/onnx/network.js';
import type { PictureOptions } from './image.js';
import { locateModel } from './locate.js';
import { readModelFolder } from './model-folder.js';

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
  const { weights, config, tokenizer } = await readModelFolder(path);
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

/** Opens and checks the weights; the engine gets the real path, since it refuses to follow links out of a folder. */
async function openWeights(weights: string, config: CocaConfig): Promise<SafetensorsFile> {
  const checkpoint = await openCheckpoint(await realpath(weights), { cacheDir: conversionsFolder() });
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
