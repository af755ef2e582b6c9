import { createHash } from 'node:crypto';
import { weightsFingerprint } from '../../model/checkpoint/fingerprint.js';
import { type ModelConfig, parseConfig } from '../../model/config/config.js';
import type { Precision } from '../../model/quantise/precision.js';
import type { LoadOptions } from '../../model/store/load.js';
import { type ChosenBy, locateModel } from '../../model/store/locate.js';
import { findModelFiles } from '../../model/store/model-folder.js';
import { fingerprintOf, tokenizerFiles, tokenizerFrom } from '../../model/store/tokenizer-files.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { ModelFiles, ServedModel } from './protocol.js';

/** A model that is not loaded: what its files say, and what tells them from others. */
export interface ModelIdentity {
  readonly name: string;
  readonly chosenBy: ChosenBy;
  readonly config: ModelConfig;
  readonly precision: Precision;
  /** Hexadecimal digits that tell its weights and its tokenizer from others. */
  readonly weights: string;
  readonly tokenizer: string | undefined;
  /** @throws CocaError `bad-tokenizer` */
  readonly loadTokenizer: () => Promise<Tokenizer>;
  readonly files: ModelFiles;
}

/**
 * Which model options mean, from its files alone.
 * @throws CocaError as loading it does
 */
export async function identityOf(options: Pick<LoadOptions, 'model' | 'config' | 'precision'>): Promise<ModelIdentity> {
  const { name, path, chosenBy, precision: chosen } = await locateModel(options.model);
  const found = await findModelFiles(path, options.config);
  const [weights, files] = await Promise.all([weightsFingerprint(found.weights), tokenizerFiles(found.folder)]);
  return {
    name,
    chosenBy,
    config: found.config,
    precision: options.precision ?? chosen ?? 'fp32',
    weights,
    tokenizer: fingerprintOf(files),
    loadTokenizer: () => tokenizerFrom(files, found.config),
    files: { config: found.json, tokenizer: [...files].map(([file, bytes]) => ({ name: file, bytes })) },
  };
}

/**
 * The identity of a model that is not on this machine, as the server tells it that has it.
 * @throws CocaError `bad-config`
 */
export function toldIdentity(
  { name, weights, precision }: ServedModel,
  files: ModelFiles,
  chosenBy: ChosenBy,
): ModelIdentity {
  const config = parseConfig(files.config, name);
  const tokenizer = new Map(files.tokenizer.map(({ name: file, bytes }) => [file, bytes]));
  return {
    ...{ name, chosenBy, config, weights, files },
    precision: precision as Precision,
    tokenizer: fingerprintOf(tokenizer),
    loadTokenizer: () => tokenizerFrom(tokenizer, config),
  };
}

export const configHash = (config: ModelConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex');

/**
 * Whether a served model computes what the one would that the options mean: of the same weights, config and tokenizer, in the same
 * precision, on the same engine and device, from the same pixels.
 * @param isNamed whether the user named the server: where no device is asked for, any of its is right
 */
export function isSame(
  served: ServedModel,
  own: ModelIdentity,
  { device = 'auto', engine = 'onnx', pixels = 'upright' }: LoadOptions,
  isNamed: boolean,
): boolean {
  const isDevice = device === served.askedDevice || device === served.device || (isNamed && device === 'auto');
  return (
    served.weights === own.weights &&
    served.tokenizer === own.tokenizer &&
    served.configHash === configHash(own.config) &&
    served.precision === own.precision &&
    served.engine === engine &&
    served.pixels === pixels &&
    isDevice
  );
}
