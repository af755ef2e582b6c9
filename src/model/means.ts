import type { ImageEncoding } from './api.js';
import { meanPicturesFolder } from './base/cache.js';
import { stopIfAborted } from './base/errors.js';
import { computedValues } from './computed.js';
import { meanEncoding, tokensOf } from './encoding.js';
import type { Picture } from './image/picture.js';
import type { LoadedCoca } from './store/load.js';

/** What a mean over pictures tells while it is made. */
export interface MeanHooks {
  readonly signal?: AbortSignal | undefined;
  /** Hears how many pictures are encoded, where the mean is not in the cache. */
  readonly onPicture?: ((count: number) => void) | undefined;
  /** Hears of a kept mean that is of no use. */
  readonly onBroken?: ((text: string) => void) | undefined;
}

/**
 * A picture of nothing in particular: the mean of the image tokens of many, which is what a caption is read under where the
 * picture is to have no say. It is kept in the cache.
 * @param pictures what it is the mean of
 * @param name tells these pictures from others
 * @throws CocaError `interrupted`
 */
export async function meanPicture(
  coca: LoadedCoca,
  pictures: () => AsyncIterable<Picture>,
  name: string,
  hooks: MeanHooks = {},
): Promise<ImageEncoding> {
  const tokens = (picture: Picture) => coca.encodeImages([picture]).then((image) => tokensOf(image).data);
  return meanEncoding(await meanOver(coca, pictures, tokens, ['tokens', name], hooks));
}

/** The mean of the contrastive embeddings of pictures, kept as `meanPicture` is; it is not of unit length. */
export function meanEmbedding(
  coca: LoadedCoca,
  pictures: () => AsyncIterable<Picture>,
  name: string,
  hooks: MeanHooks = {},
): Promise<Float32Array> {
  const embedding = (picture: Picture) => coca.encodeImages([picture]).then(({ features }) => features[0]!);
  return meanOver(coca, pictures, embedding, ['embedding', name], hooks);
}

function meanOver(
  coca: LoadedCoca,
  pictures: () => AsyncIterable<Picture>,
  values: (picture: Picture) => Promise<Float32Array>,
  of: readonly string[],
  { signal, onPicture, onBroken }: MeanHooks,
): Promise<Float32Array> {
  const computed = { folder: meanPicturesFolder(), what: 'mean pictures', of: [...of, coca.preprocess], onBroken };
  return computedValues(coca, computed, async () => {
    let sum: Float64Array | undefined;
    let count = 0;
    for await (const picture of pictures()) {
      stopIfAborted(signal, 'stopped before all pictures of the mean were encoded');
      const data = await values(picture);
      sum ??= new Float64Array(data.length);
      for (let i = 0; i < data.length; i++) sum[i]! += data[i]!;
      count++;
      onPicture?.(count);
    }
    return Float32Array.from(sum!, (value) => value / count);
  });
}
