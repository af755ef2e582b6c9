import { CocaError } from '../base/errors.js';
import { joined } from '../base/numbers/joined.js';
import { hasImagePooler, type ModelConfig } from '../config/config.js';
import type { Attention, EncodedImages, Network, Probe } from '../engine/network.js';
import { normalise } from '../image/normalise.js';
import type { Picture } from '../image/picture.js';
import { isClip, picturesOf } from './clip.js';

/** How many frames go through the trunk at one time: memory holds their activations, and with attention all of it. */
const FRAMES_AT_ONCE = 8;

/**
 * Pictures, and clips each from all its frames.
 * @throws CocaError `usage` as `refuseMixed`
 */
export async function encodePictures(
  network: Network,
  config: ModelConfig,
  pictures: readonly Picture[],
  probe: Probe,
): Promise<EncodedImages> {
  const { mean, std } = config.preprocess;
  if (!pictures.some(isClip)) return network.encodeImages(normalise(pictures, mean, std), pictures.length, probe);
  if (pictures.length > 1) refuseMixed(pictures, config);
  const parts: EncodedImages[] = [];
  for (const picture of pictures) {
    const frames = picturesOf(picture);
    parts.push(await encodeClip(network, config, normalise(frames, mean, std), frames.length, probe));
  }
  return {
    latent: joined(parts.map(({ latent }) => latent)),
    features: joined(parts.map(({ features }) => features)),
    tokens: { count: parts.length, data: joined(parts.map(({ tokens }) => tokens.data)) },
  };
}

/**
 * A batch has as many image tokens for each picture.
 * @throws CocaError `usage` for clips among others where a model that writes captions has no pooler to make them so
 */
export function refuseMixed(pictures: readonly Picture[], config: ModelConfig): void {
  if (hasImagePooler(config) || config.multimodal === null || !pictures.some(isClip)) return;
  throw new CocaError(
    'usage',
    'this model has no attentional pooler: its clips have more image tokens than pictures, and do not go side by side with others',
    'leave out --batch',
  );
}

/**
 * The frames of one clip, through the image encoder one by one and through its poolers together: all frames' outputs in a row, N K
 * of them (CoCa, section 4.2; VideoCoCa, Yan et al. 2022, arXiv 2212.04979). There are as many image tokens as of a picture. Where
 * there is no attentional pooler, the embedding is the mean of the frames' own, of unit length again, and the image tokens of all
 * frames follow each other. A clip of one frame is a picture.
 *
 * Attention of the vision tower is reported for some frames at a time, in their order, as the mean over heads: of many frames and
 * large models the whole would fill memory.
 * @param pixels [N, 3, S, S], normalised
 */
export async function encodeClip(
  network: Network,
  config: ModelConfig,
  pixels: Float32Array,
  count: number,
  probe: Probe = {},
): Promise<EncodedImages> {
  if (count === 1) return network.encodeImages(pixels, 1, probe);
  const { onAttention } = probe;
  const some: Probe = {
    ...probe,
    ...(onAttention && { onAttention: (one) => onAttention(one.name === 'vision' ? meanOverHeads(one) : one) }),
  };
  const side = pixels.length / count;
  const inTurn = async <R>(encode: (part: Float32Array, frames: number) => Promise<R>): Promise<R[]> => {
    const results: R[] = [];
    for (let from = 0; from < count; from += FRAMES_AT_ONCE) {
      const to = Math.min(count, from + FRAMES_AT_ONCE);
      results.push(await encode(pixels.subarray(from * side, to * side), to - from));
    }
    return results;
  };
  if (hasImagePooler(config)) {
    const blocks = await inTurn((part, frames) => network.encodeFrames(part, frames, some));
    const [, outputs, width] = blocks[0]!.shape;
    const data = joined(blocks.map((block) => block.data));
    return network.poolFrames({ data, shape: [1, count * outputs, width] }, some);
  }
  const parts = await inTurn((part, frames) => network.encodeImages(part, frames, some));
  return {
    latent: meanRow(joined(parts.map(({ latent }) => latent)), count),
    features: ofUnitLength(meanRow(joined(parts.map(({ features }) => features)), count)),
    tokens: { count: 1, data: joined(parts.map(({ tokens }) => tokens.data)) },
  };
}

/** [N, E] -> [E] */
function meanRow(rows: Float32Array, count: number): Float32Array {
  const mean = new Float32Array(rows.length / count);
  for (const [i, value] of rows.entries()) mean[i % mean.length]! += value / count;
  return mean;
}

function ofUnitLength(vector: Float32Array): Float32Array {
  const length = Math.max(Math.hypot(...vector), 1e-12);
  return vector.map((value) => value / length);
}

/** [B, H, N, M] -> [B, 1, N, M] */
function meanOverHeads({ data, shape: [batch, heads, queries, keys], ...site }: Attention): Attention {
  const size = queries * keys;
  const mean = new Float32Array(batch * size);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const from = (b * heads + h) * size;
      for (let i = 0; i < size; i++) mean[b * size + i]! += data[from + i]! / heads;
    }
  }
  return { ...site, data: mean, shape: [batch, 1, queries, keys] };
}
