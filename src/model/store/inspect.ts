import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { parameterShapes } from '../architecture/parameters.js';
import { quantisedFolder } from '../base/cache.js';
import { type Dtype, listTensors, weightsFile } from '../checkpoint/index.js';
import type { ModelConfig } from '../config/config.js';
import { computedOf, indexesOf } from '../hub/derived.js';
import { PUBLIC_HUB } from '../hub/environment.js';
import { COMMIT } from '../hub/names.js';
import { quantisedFilesOf } from '../quantise/checkpoint.js';
import type { Precision } from '../quantise/precision.js';
import { readCard } from './card.js';
import { findConfig } from './find-config.js';
import { checkFit } from './fit-weights.js';
import { locateModel } from './locate.js';

/** Numbers of parameters by part. */
export interface ParameterCounts {
  readonly total: number;
  /** The image encoder without its poolers. */
  readonly vision: number;
  /** Attentional poolers: what makes image tokens and the contrastive embedding of patches. */
  readonly poolers: number;
  /** The unimodal half of the text decoder. */
  readonly text: number;
  /** The multimodal half, with its cross-attention. */
  readonly multimodal: number;
  /** Scale and bias of the contrastive logits. */
  readonly logits: number;
}

/** What there is to know about a model without running it. */
export interface ModelFacts {
  readonly name: string;
  readonly folder: string;
  readonly repository?: string;
  readonly commit?: string;
  /** The page that it is from. */
  readonly source?: string;
  /** From its model card. */
  readonly license?: string;
  readonly weights: {
    readonly file: string;
    readonly format: 'safetensors' | 'torch';
    readonly bytes: number;
    /** Element types, the most frequent first. */
    readonly dtypes: readonly Dtype[];
  };
  /** Its weights in int8, where they were made: bytes of the file in the cache. */
  readonly quantised?: { readonly precision: Precision; readonly bytes: number };
  /** What it computed and keeps in the cache: concepts, means over pictures. */
  readonly computed?: { readonly files: number; readonly bytes: number };
  /** Indexes of collections in the cache that have its embeddings. */
  readonly indexes?: { readonly count: number; readonly bytes: number };
  readonly parameters: ParameterCounts;
  readonly config: ModelConfig;
  /** The config as it was read. */
  readonly json: unknown;
  /** What is done to the weights so that they fit it. */
  readonly remarks: readonly string[];
}

/**
 * Looks at a model on this machine: config and weights are read and checked as for loading, but no engine is started and
 * nothing converted.
 * @throws CocaError as `locateModel` and `weightsFile`; `bad-config`, `bad-checkpoint`
 */
export async function inspectModel(named: string | undefined, givenConfig?: string): Promise<ModelFacts> {
  const { name, path, hub } = await locateModel(named);
  const weights = await weightsFile(path);
  const folder = dirname(weights);
  const { config, json } = await findConfig(weights, givenConfig);
  const list = await listTensors(weights);
  const remarks = checkFit(list, config);
  const card = await readCard(folder);
  const commit = basename(folder);
  const [quantised] = await quantisedFilesOf(weights, quantisedFolder());
  const computed = await computedOf(weights);
  const indexes = await indexesOf(weights);
  return {
    name,
    folder,
    ...(hub && { repository: hub.repository, source: `${PUBLIC_HUB}/${hub.repository}` }),
    ...(hub && COMMIT.test(commit) && { commit }),
    ...card,
    weights: {
      file: basename(weights),
      format: list.format,
      bytes: list.size,
      dtypes: dtypesOf([...list.tensors.values()].map(({ dtype }) => dtype)),
    },
    ...(quantised !== undefined && { quantised: { precision: 'int8', bytes: (await stat(quantised)).size } }),
    ...(computed.length > 0 && { computed: { files: computed.length, bytes: await bytesOf(computed) } }),
    ...(indexes.length > 0 && {
      indexes: { count: indexes.length, bytes: indexes.reduce((sum, { bytes }) => sum + bytes, 0) },
    }),
    parameters: countParameters(config),
    config,
    json,
    remarks,
  };
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += (await stat(path)).size;
  return bytes;
}

function dtypesOf(all: readonly Dtype[]): readonly Dtype[] {
  const counts = new Map<Dtype, number>();
  for (const dtype of all) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([dtype]) => dtype);
}

/** Which part of the model a parameter belongs to, by its name. */
function countedAs(name: string): Exclude<keyof ParameterCounts, 'total'> {
  if (name.startsWith('visual.attn_pool')) return 'poolers';
  if (name.startsWith('visual.')) return 'vision';
  if (name.startsWith('text.')) return 'text';
  return name.startsWith('text_decoder.') ? 'multimodal' : 'logits';
}

/** How many parameters a model of this config has. */
export function countParameters(config: ModelConfig): ParameterCounts {
  const counts = { total: 0, vision: 0, poolers: 0, text: 0, multimodal: 0, logits: 0 };
  for (const [name, shape] of parameterShapes(config)) {
    const count = shape.reduce((product, side) => product * side, 1);
    counts[countedAs(name)] += count;
    counts.total += count;
  }
  return counts;
}
