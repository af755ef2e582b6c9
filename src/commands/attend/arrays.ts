import { type AttentionLayer, hasLayers } from '../../model/attention/index.js';
import type { TensorToWrite } from '../../model/checkpoint/index.js';
import { type AttendResult, wordMap } from './result.js';

/**
 * The arrays of `attention.safetensors`, all F32 but `ids`. For L layers, H heads, N rows of the caption (row r has read
 * ids[0..r] and predicts ids[r + 1]), S image tokens, Q pooler queries and K = 1 + patches encoder outputs (the class
 * token first):
 *
 * - `cross` [L, H, N, S], `decoder_self` [L, H, N, N], `text` [L, H, N, N], `vision` [L, H, K, K];
 * - `cross_gradient` [L, H, N, S], where it was computed: the gradient of each row's log-probability by `cross`;
 * - `occlusion` [N, rows x columns], where it was computed: how far each row's log-probability falls without each patch;
 * - `pooler` [H, Q, K], and `contrastive` ([H, 1, K] or [H, 1, Q]), where the model has them;
 * - `ids` [N + 1] (I32), `logprobs` [N]: log p(ids[r + 1]);
 * - `maps` [words, rows, columns]: the maps that were shown, in the order of the words.
 *
 * Of a clip of F frames: `maps` [words, F, rows, columns], `vision` [L, F, 1, K, K], means over heads, `pooler` [H, Q, F K], and S image
 * tokens of all frames where there is no pooler; `frames` in the metadata has the index, time and crop of each.
 *
 * The metadata says which picture, caption, words (a JSON array), method, layer, head, model and crop these are.
 */
export function attentionTensors(result: AttendResult): {
  readonly tensors: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
} {
  const { attention, choice, words, picture, clip } = result;
  const { raw } = attention;
  const { grid } = raw;
  const { occlusion } = attention.maps;
  const maps = words.map((word) => wordMap(attention, word, choice).map);
  const tensors = [
    ...layers('cross', raw.cross),
    ...layers('cross_gradient', raw.crossGradient ?? []),
    ...(occlusion ? [floats('occlusion', [raw.logprobs.length, grid * grid], [occlusion.falls])] : []),
    ...layers('decoder_self', raw.decoderSelf),
    ...layers('text', raw.text),
    ...layers('vision', raw.vision, raw.frames),
    ...(raw.pooler ? [floats('pooler', shapeOf(raw.pooler), [raw.pooler.data])] : []),
    ...(raw.contrastive ? [floats('contrastive', shapeOf(raw.contrastive), [raw.contrastive.data])] : []),
    floats('maps', [maps.length, ...(clip ? [clip.length] : []), grid, grid], maps),
    floats('logprobs', [raw.logprobs.length], [Float32Array.from(raw.logprobs)]),
    { name: 'ids', dtype: 'I32', shape: [raw.ids.length], data: bytesOf(Int32Array.from(raw.ids)) } as const,
  ];
  const { ablated } = result.coca;
  const metadata = {
    image: result.image,
    caption: result.caption,
    words: JSON.stringify(words.map(({ text }) => text)),
    method: choice.method,
    ...(hasLayers(choice) && { layer: String(choice.layer), head: String(choice.head) }),
    ...(clip
      ? { frames: JSON.stringify(clip.map(({ index, time, picture: { crop } }) => ({ index, time, crop }))) }
      : { crop: JSON.stringify(picture.crop) }),
    model: result.coca.name,
    ...(ablated && { ablated: JSON.stringify(ablated.sites), ablated_with: ablated.with }),
  };
  return { tensors, metadata };
}

function shapeOf({ heads, queries, keys }: AttentionLayer): number[] {
  return [heads, queries, keys];
}

/** Layers of one kind, which all have the same shape, as one array; of the frames of a clip, each by itself. */
function layers(name: string, all: readonly AttentionLayer[], frames?: number): TensorToWrite[] {
  const [first] = all;
  if (first === undefined) return [];
  return [
    floats(
      name,
      [all.length, ...(frames === undefined ? [] : [frames]), ...shapeOf(first)],
      all.map(({ data }) => data),
    ),
  ];
}

function floats(name: string, shape: readonly number[], parts: readonly Float32Array[]): TensorToWrite {
  return { name, dtype: 'F32', shape, data: Buffer.concat(parts.map(bytesOf)) };
}

function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
