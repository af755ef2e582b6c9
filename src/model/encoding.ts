import type { ImageEncoding } from './api.js';
import { apart } from './engine/image-tokens.js';
import type { Attention, EncodedImages, ImageTokens } from './engine/network.js';

/** What a picture is on this side, with what only the model needs of it. */
export class Encoding implements ImageEncoding {
  readonly features: readonly Float32Array[];
  readonly latents: readonly Float32Array[];

  constructor(
    readonly count: number,
    encoded: EncodedImages,
    readonly ms: number,
    /** What the vision tower attended to, where that was asked for. */
    readonly attention: readonly Attention[] | undefined,
  ) {
    this.features = split(encoded.features, count);
    this.latents = split(encoded.latent, count);
    this.tokens = encoded.tokens;
  }

  readonly tokens: ImageTokens;
}

export function split(rows: Float32Array, count: number): Float32Array[] {
  const width = rows.length / count;
  return Array.from({ length: count }, (_, i) => rows.slice(i * width, (i + 1) * width));
}

/** @throws TypeError for what no model of this program made */
export function tokensOf(images: ImageEncoding): ImageTokens {
  if (!(images instanceof Encoding)) throw new TypeError('an image encoding of another model');
  return images.tokens;
}

/** @throws TypeError for an encoding that was not made with its attention, or of several pictures */
export function attentionOf(image: ImageEncoding): readonly Attention[] {
  if (image instanceof Encoding && image.attention !== undefined && image.count === 1) return image.attention;
  throw new TypeError('this takes the encoding of one picture, made with its attention');
}

/** What was encoded together as an encoding of each picture, in their order; each has its share of the time. */
export function separated(images: ImageEncoding): ImageEncoding[] {
  const tokens = apart(tokensOf(images));
  return images.features.map((features, i) => {
    const encoded = { features, latent: images.latents[i]!, tokens: tokens[i]! };
    return new Encoding(1, encoded, images.ms / images.count, undefined);
  });
}

/** The same picture `count` times. */
export function repeated(image: ImageEncoding, count: number): ImageEncoding {
  const tokens = tokensOf(image);
  if (image.count !== 1) throw new TypeError(`an encoding of ${image.count} pictures cannot be repeated`);
  const times = (values: Float32Array): Float32Array => {
    const all = new Float32Array(values.length * count);
    for (let i = 0; i < count; i++) all.set(values, i * values.length);
    return all;
  };
  const encoded = {
    latent: times(image.latents[0]!),
    features: times(image.features[0]!),
    tokens: { count, data: times(tokens.data) },
  };
  return new Encoding(count, encoded, 0, undefined);
}

/** An encoding of one picture of which nothing but its tokens is known: it has no embedding. */
export function meanEncoding(tokens: Float32Array): ImageEncoding {
  const none = new Float32Array(0);
  return new Encoding(1, { latent: none, features: none, tokens: { count: 1, data: tokens } }, 0, undefined);
}

/**
 * One picture's encoding once for each entry of `back`, with another picture's image tokens in the places that it names. Embeddings
 * stay the one's.
 * @param tokenCount image tokens of a picture
 */
export function withTokensOf(
  from: ImageEncoding,
  into: ImageEncoding,
  back: readonly (readonly number[])[],
  tokenCount: number,
): ImageEncoding {
  const encoding = repeated(into, back.length);
  const { data } = tokensOf(encoding);
  const source = tokensOf(from).data;
  const width = source.length / tokenCount;
  for (const [entry, some] of back.entries()) {
    for (const token of some) {
      data.set(source.subarray(token * width, (token + 1) * width), entry * source.length + token * width);
    }
  }
  return encoding;
}
