import { crossGradients } from '../../architecture/attribution.js';
import { captionLogits, imageMemory, textDecoder } from '../../architecture/decoder.js';
import { imageEncoder, imageHead, imageTrunk } from '../../architecture/image-encoder.js';
import type { AttentionWatcher } from '../../architecture/ops.js';
import { textEncoder, textInputs } from '../../architecture/text-tower.js';
import type { VisionOutput } from '../../architecture/vision.js';
import type { SafetensorsFile } from '../../checkpoint/safetensors.js';
import { type CocaConfig, hasImagePooler, imageTokenCount, type ModelConfig } from '../../config/config.js';
import { CacheSlots, type CacheUse } from './cache-slots.js';
import { OnnxGradientOps } from './gradient-ops.js';
import { type Dimension, type FloatType, GraphBuilder } from './graph.js';
import type { OnnxOps } from './ops.js';
import { attentionOutput, OnnxPlaces, type Openness } from './probe.js';
import { outputScores } from './row-scores.js';
import type { Value } from './value.js';

/** What every program is built from. */
export interface ProgramSource<Config extends ModelConfig = ModelConfig> {
  readonly config: Config;
  readonly checkpoint: SafetensorsFile;
  /** The checkpoint's file name within the folder that the session resolves weights against. */
  readonly fileName: string;
  /** With attention, probabilities are named by `attentionOutput`: [B, H, queries, keys]. */
  readonly openness: Openness;
  /** What is computed in; gradients always are in single precision. */
  readonly float: FloatType;
  /** What keys and values are kept in between runs: as they are computed where they stay on a device. */
  readonly kept: FloatType;
}

/** Names of the key/value tensors of self-attention layer i: the cache, and what comes out to be in it (`CacheUse`). */
export const cacheNames = (i: number) => ({ keys: `cache.keys.${i}`, values: `cache.values.${i}` });
export const writtenNames = (i: number) => ({ keys: `written.keys.${i}`, values: `written.values.${i}` });
/** How many heads there are, each number once. */
export const headCounts = (config: CocaConfig): readonly number[] => [
  ...new Set(cacheLayers(config).map(({ heads }) => heads)),
];

/** The input that says where the rows of so many heads belong. */
export const slotsName = (heads: number) => `slots.${heads}`;
/** Names of the key/value tensors that cross-attention layer i makes of an image. */
export const memoryNames = (i: number) => ({ keys: `image.keys.${i}`, values: `image.values.${i}` });

/** How many layers keep a cache, and the heads and head width of each. */
export function cacheLayers(config: CocaConfig): readonly { readonly heads: number; readonly depth: number }[] {
  const { text, multimodal } = config;
  return [
    ...Array.from({ length: text.layers }, () => ({ heads: text.heads, depth: text.width / text.heads })),
    ...Array.from({ length: multimodal.layers }, () => ({
      heads: multimodal.heads,
      depth: multimodal.width / multimodal.heads,
    })),
  ];
}

function build(
  name: string,
  source: ProgramSource,
  emit: (ops: OnnxGradientOps, watch: AttentionWatcher<Value> | undefined, graph: GraphBuilder) => void,
): Uint8Array {
  const graph = new GraphBuilder(name, source.float);
  const ops = new OnnxGradientOps(graph, source);
  if (source.openness === 'open') ops.places = new OnnxPlaces(ops);
  emit(
    ops,
    source.openness === 'plain'
      ? undefined
      : (attention, layer, value) => ops.output(attentionOutput(attention, layer), value),
    graph,
  );
  return graph.encode();
}

/** pixels [B, 3, S, S] -> latent, features [B, E] and, for a decoder, tokens [B, T, W]. */
export function visionProgram(source: ProgramSource): Uint8Array {
  return build('vision', source, (ops, watch) => {
    const side = source.config.vision.image_size;
    const pixels = ops.input('pixels', 'F32', ['batch', 3, side, side]);
    outputImages(ops, source.config, imageEncoder(ops, source.config, pixels, watch));
  });
}

function outputImages(ops: OnnxOps, config: ModelConfig, { latent, features, tokens }: VisionOutput<Value>): void {
  ops.output('latent', latent);
  ops.output('features', features);
  if (config.multimodal) ops.output('tokens', tokens);
}

/** pixels [B, 3, S, S] -> encoder outputs [B, K, W], before any pooling. */
export function framesProgram(source: ProgramSource): Uint8Array {
  return build('frames', source, (ops, watch) => {
    const side = source.config.vision.image_size;
    const pixels = ops.input('pixels', 'F32', ['batch', 3, side, side]);
    ops.output('outputs', imageTrunk(ops, source.config, pixels, watch));
  });
}

/** Encoder outputs of all frames of a clip, [B, N K, W] -> what `visionProgram` gives of a picture. */
export function clipProgram(source: ProgramSource): Uint8Array {
  return build('clip', source, (ops, watch) => {
    const outputs = ops.input('outputs', 'F32', ['batch', 'outputs', source.config.vision.width]);
    outputImages(ops, source.config, imageHead(ops, source.config, outputs, watch));
  });
}

/** Image tokens as graphs know them: so many; without a pooler a clip has more than a picture. */
const imageTokens = (config: CocaConfig): Dimension =>
  hasImagePooler(config) ? imageTokenCount(config) : 'image tokens';

/** tokens [B, T, W] -> keys and values of every cross-attention layer, [B, H, T, D]. */
export function memoryProgram(source: ProgramSource<CocaConfig>): Uint8Array {
  return build('memory', source, (ops) => {
    const { config } = source;
    const tokens = ops.input('tokens', 'F32', ['batch', imageTokens(config), config.multimodal.width]);
    imageMemory(ops, config, tokens).forEach(({ keys, values }, layer) => {
      ops.output(memoryNames(layer).keys, keys, source.kept);
      ops.output(memoryNames(layer).values, values, source.kept);
    });
  });
}

/** What `textInputs` names -> latent, features [B, E]. */
export function textProgram(source: ProgramSource): Uint8Array {
  return build('text', source, (ops, watch) => {
    const inputs = textInputs(source.config).map(({ name, type, dimensions }) => {
      return [name, ops.input(name, type, dimensions)] as const;
    });
    const { latent, features } = textEncoder(ops, source.config, Object.fromEntries(inputs), watch);
    ops.output('latent', latent);
    ops.output('features', features);
  });
}

/** What `memoryProgram` made. */
function imageInputs(ops: OnnxOps, { config, kept }: ProgramSource<CocaConfig>) {
  const { heads, width, layers } = config.multimodal;
  const shape = ['batch', heads, imageTokens(config), width / heads];
  return Array.from({ length: layers }, (_, i) => {
    const { keys, values } = memoryNames(i);
    return { keys: ops.input(keys, kept, shape), values: ops.input(values, kept, shape) };
  });
}

/**
 * ids, positions [B, N], two masks [B, 1, N, K], caches [B, H, C, D] and image keys and values [B, H, T, D] -> logits [B, N, V], what
 * `outputScores` makes of them, and keys and values as `CacheUse` says. Where they are written, K = C, and the slots of the rows
 * in the caches are an input, too; where they are given, K = C + N.
 */
export function decoderProgram(source: ProgramSource<CocaConfig>, use: CacheUse): Uint8Array {
  return build('decoder', source, (ops, watch, graph) => {
    const { config } = source;
    const ids = ops.input('ids', 'I32', ['batch', 'rows']);
    const indices = new Map<number, string>();
    for (const heads of use === 'written' ? headCounts(config) : []) {
      indices.set(heads, graph.input(slotsName(heads), 'I64', ['batch', heads, 'rows', 3]));
    }
    const slots = (heads: number, depth: number, name: string, result: string) => {
      const dimensions = ['batch', heads, 'cached', depth];
      ops.input(name, source.kept, dimensions);
      return new CacheSlots(graph, dimensions, name, result, indices.get(heads), source.kept);
    };
    const mask = ['batch', 1, 'rows', use === 'written' ? 'cached' : 'keys'];
    const { logits } = textDecoder(
      ops,
      config,
      {
        ids,
        positions: ops.input('positions', 'I32', ['batch', 'rows']),
        unimodalMask: ops.input('unimodalMask', 'F32', mask),
        multimodalMask: ops.input('multimodalMask', 'F32', mask),
        cache: cacheLayers(config).map(({ heads, depth }, i) => ({
          keys: slots(heads, depth, cacheNames(i).keys, writtenNames(i).keys),
          values: slots(heads, depth, cacheNames(i).values, writtenNames(i).values),
        })),
        image: imageInputs(ops, source),
      },
      watch,
    );
    outputScores(graph, graph.cast(logits.anyForm, graph.float, 'F32'), logits.width, use === 'given');
  });
}

/** rows [B, N, W] of the multimodal half -> logits [B, N, V]. */
export function readoutProgram(source: ProgramSource<CocaConfig>): Uint8Array {
  return build('readout', source, (ops) => {
    const { config } = source;
    const rows = ops.input('rows', 'F32', ['batch', 'rows', config.multimodal.width]);
    ops.output('logits', captionLogits(ops, config, rows));
  });
}

/** What is fed to `moveProgram`: a list of rows of the table that a cache is, [B, H, C']. */
export const pickedName = (heads: number) => `picked.${heads}`;

/** Caches [B, H, C, D] -> the same of other sizes [B, H, C', D], each slot from one of the old. */
export function moveProgram({ config, kept }: Pick<ProgramSource<CocaConfig>, 'config' | 'kept'>): Uint8Array {
  const graph = new GraphBuilder('move');
  const picked = new Map<number, string>();
  for (const [i, { heads, depth }] of cacheLayers(config).entries()) {
    if (!picked.has(heads)) picked.set(heads, graph.input(pickedName(heads), 'I32', ['batch', heads, 'slots']));
    for (const which of ['keys', 'values'] as const) {
      const cache = graph.input(cacheNames(i)[which], kept, ['batch', heads, 'cached', depth]);
      const table = graph.node('Reshape', [cache, graph.integers([-1, depth])]);
      const name = writtenNames(i)[which];
      graph.outputNode(name, 'Gather', [table, picked.get(heads)!], kept, ['batch', heads, 'slots', depth]);
    }
  }
  return graph.encode();
}

/** Name of the gradient by the cross-attention probabilities of a layer. */
export const gradientName = (layer: number) => `gradient.cross.${layer}`;

/**
 * ids, positions, labels [B, N], two masks [B, 1, N, N] and image keys and values [B, H, T, D] -> for every layer the
 * gradient of log p(label) by the row's cross-attention, [B, H, N, T].
 */
export function attributionProgram(source: ProgramSource<CocaConfig>): Uint8Array {
  return build('attribution', { ...source, float: 'F32' }, (ops) => {
    const { config } = source;
    const rows = {
      ids: ops.input('ids', 'I32', ['batch', 'rows']),
      positions: ops.input('positions', 'I32', ['batch', 'rows']),
      unimodalMask: ops.input('unimodalMask', 'F32', ['batch', 1, 'rows', 'rows']),
      multimodalMask: ops.input('multimodalMask', 'F32', ['batch', 1, 'rows', 'rows']),
      image: imageInputs(ops, source),
    };
    const labels = ops.input('labels', 'I32', ['batch', 'rows']);
    for (const [layer, gradient] of crossGradients(ops, config, rows, labels).entries()) {
      ops.output(gradientName(layer), gradient);
    }
  });
}
