import { isMainThread } from 'node:worker_threads';
import type { Coca } from '../api.js';
import { conversionsFolder, quantisedFolder } from '../base/cache.js';
import { lazily } from '../base/lazily.js';
import { chosenEpoch, openCheckpoint, type SafetensorsFile } from '../checkpoint/index.js';
import { CocaModel } from '../coca.js';
import type { ModelConfig } from '../config/config.js';
import { isSoftwareAdapter, THIS_MACHINE } from '../engine/devices.js';
import type { Device, Engine } from '../engine/engines.js';
import type { Change, Weights } from '../engine/network.js';
import { checkPrecision, openNetwork } from '../engine/open.js';
import type { Remark } from '../engine/remark.js';
import type { PictureOptions } from '../image/load-picture.js';
import type { Picture, Pixels } from '../image/picture.js';
import type { Means } from '../interventions/changes.js';
import type { Site } from '../interventions/sites.js';
import { quantisedCheckpoint } from '../quantise/checkpoint.js';
import { hasByteProducts } from '../quantise/cpu.js';
import type { Precision } from '../quantise/precision.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { fitWeights } from './fit-weights.js';
import { type ChosenBy, locateModel } from './locate.js';
import { readModelFolder } from './model-folder.js';
import { fingerprintOf, tokenizerFiles } from './tokenizer-files.js';

export interface LoadOptions {
  /** What `locateModel` takes: a name, a folder or a weights file. By default the one that the user chose. */
  readonly model?: string;
  /** A named config or the path of one, in place of the one beside the weights. */
  readonly config?: string;
  /** One of the engine's own; by default `auto`, the best that works. */
  readonly device?: Device | 'auto';
  /** By default `onnx`, the faster one. */
  readonly engine?: Engine;
  /** What the weights of its large matrices are kept in: by default what the settings say, else as the checkpoint has them (`fp32`). */
  readonly precision?: Precision;
  /** Whose pixels its pictures have: see `PictureOptions`. */
  readonly pixels?: Pixels;
  /**
   * Runs the engine in a process of its own: should it crash, calls are rejected and `ended` is aborted, and this process
   * goes on. By default it runs in this process. It always has a process of its own in a thread (worker_threads), since only a
   * process can be told to report nothing (`engine/onnx/runtime.ts`), and on a software adapter, whose drivers write to stderr.
   */
  readonly isolated?: boolean;
  /** Receives one-line remarks for a person: hardware that is not used, how the weights were found and fitted. */
  readonly onNotice?: (text: string) => void;
  /** Receives what only a person wants who asks for details: which device was taken and why. */
  readonly onDetail?: (text: string) => void;
}

export interface LoadedCoca extends Coca {
  /** How `loadPicture` must prepare pictures for this model. */
  readonly preprocess: PictureOptions;
  readonly chosenBy: ChosenBy;
  /**
   * Decodes a picture as `loadPicture` does with `preprocess`. There where the model has its own place for that: one that is
   * served has threads for it, one that is asked for over a connection decodes at the other end.
   */
  decode?(bytes: Uint8Array): Promise<Picture>;
  withChanges(changes: readonly Change[]): LoadedCoca;
  without(sites: readonly Site[], means?: Means): LoadedCoca;
}

/** What a model is made of, found and checked, before an engine sees it. */
export interface ModelFiles {
  readonly name: string;
  /** Where they lie. */
  readonly folder: string;
  readonly chosenBy: ChosenBy;
  /** What the settings say that its large matrices are kept in. */
  readonly precision: Precision | undefined;
  readonly config: ModelConfig;
  /** The config as it was read. */
  readonly json: unknown;
  readonly tokenizer: Tokenizer;
  readonly checkpoint: SafetensorsFile;
  /** What a person may want to know of how they were found and fitted. */
  readonly remarks: readonly string[];
}

/**
 * Finds a model and checks config, tokenizer and weights.
 * @param givenConfig as `LoadOptions.config`
 * @throws CocaError `not-found`, `usage`, `bad-settings`, `bad-config`, `bad-checkpoint` or `bad-tokenizer`
 */
export async function readModel(model: string | undefined, givenConfig?: string): Promise<ModelFiles> {
  const { name, path, chosenBy, precision } = await locateModel(model);
  const { folder, weights, config, json, inferred, tokenizer } = await readModelFolder(path, givenConfig);
  const opened = await openCheckpoint(weights, { cacheDir: conversionsFolder() });
  const { checkpoint, remarks } = await fitWeights(opened, config);
  const epoch = await chosenEpoch(path, weights);
  return {
    name,
    folder,
    chosenBy,
    precision,
    config,
    json,
    tokenizer,
    checkpoint,
    remarks: [
      ...(epoch === undefined ? [] : [epoch]),
      ...(inferred === undefined ? [] : [`the shapes of the weights are those of ${inferred}`]),
      ...remarks,
    ],
  };
}

/**
 * Loads a model: config, tokenizer and weights are checked before an engine sees them.
 * @throws CocaError as `readModel`, and `device` or `engine`
 */
export async function loadCoca(options: LoadOptions = {}): Promise<LoadedCoca> {
  const { engine = 'onnx', device = 'auto', isolated = false, onNotice: notice = ignore, onDetail = ignore } = options;
  const files = await readModel(options.model, options.config);
  const { name, folder, chosenBy, config, tokenizer, checkpoint, remarks } = files;
  const { precision = files.precision ?? 'fp32' } = options;
  checkPrecision(precision, engine, device);
  onDetail(`the model ${name} is in ${folder}`);
  const weights: Weights = {
    checkpoint,
    ...(precision === 'int8' && { quantised: await quantised(checkpoint, notice) }),
    ...(precision === 'fp16' && { isHalf: true }),
  };
  const apart = isolated || !isMainThread || isSoftwareAdapter(device, THIS_MACHINE);
  const open = apart ? (await import('../engine/isolated/network.js')).openIsolatedNetwork : openNetwork;
  const tell = ({ text, isDetail }: Remark): void => (isDetail ? onDetail : notice)(text);
  const network = await open(engine, device, config, weights, tell);
  for (const remark of remarks) notice(remark);
  try {
    const tokenizerFingerprint = lazily(() => tokenizerFiles(folder).then(fingerprintOf));
    const tokenizerOf = { tokenizer, tokenizerFingerprint };
    const parts = { name, config, ...tokenizerOf, network, checkpoint, precision, chosenBy };
    return await CocaModel.create(parts, options.pixels);
  } catch (error) {
    await network.release();
    throw error;
  }
}

async function quantised(checkpoint: SafetensorsFile, notice: (text: string) => void): Promise<SafetensorsFile> {
  const told = async (reason: string | undefined): Promise<void> => {
    const isSlow = (await hasByteProducts()) === false;
    const slow = isSlow ? ' (this CPU lacks VNNI: they save memory and loading, not time)' : '';
    notice(`${reason === undefined ? '' : `${reason}: `}the weights are quantised to int8, once${slow}`);
  };
  return quantisedCheckpoint(checkpoint, quantisedFolder(), told);
}

function ignore(): void {}
