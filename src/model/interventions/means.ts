import type { Coca, ImageEncoding } from '../api.js';
import { placeName } from '../architecture/places.js';
import type { Activation } from '../engine/network.js';
import type { Picture } from '../image/picture.js';
import type { Means } from './changes.js';

/** A picture and a caption of it, from the start token. */
export interface CaptionedPicture {
  readonly picture: Picture;
  readonly ids: readonly number[];
}

/**
 * The mean of what is at every place over the positions of some pictures and their captions: what a site says when it says nothing
 * about this one (mean ablation; Wang et al. 2023, "Interpretability in the Wild").
 */
export async function meanActivations(
  coca: Coca,
  captioned: AsyncIterable<CaptionedPicture> | Iterable<CaptionedPicture>,
): Promise<Means> {
  const sums = new Map<string, { readonly sum: Float64Array; rows: number }>();
  const onActivation = (activation: Activation): void => {
    const { data, shape } = activation;
    const [batch, rows, width] = shape;
    const name = placeName(activation);
    let total = sums.get(name);
    if (total === undefined) {
      total = { sum: new Float64Array(width), rows: 0 };
      sums.set(name, total);
    }
    for (let i = 0; i < data.length; i++) total.sum[i % width]! += data[i]!;
    total.rows += batch * rows;
  };
  for await (const { picture, ids } of captioned) {
    const image: ImageEncoding = await coca.encodeImages([picture], { onActivation });
    if (coca.config.multimodal) await coca.readCaption(image, ids, { onActivation });
  }
  return new Map([...sums].map(([name, { sum, rows }]) => [name, Float32Array.from(sum, (value) => value / rows)]));
}
