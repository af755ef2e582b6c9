import { join } from 'node:path';
import type { Coca, ImageEncoding } from '../api.js';
import { cacheFolder } from '../base/cache.js';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { openUsable, prepareCache } from '../checkpoint/derived.js';
import { readTensor } from '../checkpoint/index.js';
import { writeSafetensors } from '../checkpoint/safetensors-write.js';
import { meanEncoding, tokensOf } from '../encoding.js';
import type { Picture } from '../image/picture.js';

const TENSOR = 'tokens';

/**
 * A picture of nothing in particular: the mean of the image tokens of many, which is what a caption is read under where the
 * picture is to have no say. It is kept in the cache by the weights it was made with.
 * @param pictures what it is the mean of
 * @param name tells these pictures from others
 * @param onPicture hears how many are encoded, where they are not in the cache
 * @throws CocaError `interrupted`
 */
export async function meanPicture(
  coca: Coca,
  pictures: () => AsyncIterable<Picture>,
  name: string,
  { signal, onPicture }: { readonly signal?: AbortSignal; readonly onPicture?: (count: number) => void } = {},
): Promise<ImageEncoding> {
  const folder = join(cacheFolder(), 'mean-pictures');
  const file = `${await coca.fingerprint()}-${coca.precision}-${name}.safetensors`;
  const known = await openUsable(join(folder, file));
  if (known?.tensors.has(TENSOR)) return meanEncoding(await readTensor(known, TENSOR));
  let sum: Float64Array | undefined;
  let count = 0;
  for await (const picture of pictures()) {
    stopIfAborted(signal, 'stopped before all pictures of the mean were encoded');
    const { data } = tokensOf(await coca.encodeImages([picture]));
    sum ??= new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) sum[i]! += data[i]!;
    onPicture?.(++count);
  }
  const mean = Float32Array.from(sum!, (value) => value / count);
  await keep(folder, file, mean);
  return meanEncoding(mean);
}

/** Where the cache cannot be written, it is made again the next time. */
async function keep(folder: string, file: string, tokens: Float32Array): Promise<void> {
  try {
    await prepareCache(folder, file, 'mean pictures');
    const data = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
    await writeSafetensors(join(folder, file), [{ name: TENSOR, dtype: 'F32', shape: [1, tokens.length], data }]);
  } catch (error) {
    if (!(error instanceof CocaError && error.code === 'write-failed')) throw error;
  }
}
