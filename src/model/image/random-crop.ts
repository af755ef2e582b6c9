import type { Random } from '../base/random.js';
import { type Region, roundHalfEven, type Size } from './geometry.js';

/** How much of a picture's area a crop takes, and how wide it may be for its height. */
export interface CropRange {
  readonly scale: readonly [least: number, most: number];
  readonly ratio: readonly [least: number, most: number];
}

/** OpenCLIP's training transform (`image_transform`, is_train=True). */
export const OPENCLIP_CROP: CropRange = { scale: [0.9, 1], ratio: [3 / 4, 4 / 3] };

const TRIES = 10;

/** A rectangle as torchvision's RandomResizedCrop draws it, in pixels of the picture. */
export function randomCrop({ width, height }: Size, { scale, ratio }: CropRange, random: Random): Region {
  const [narrow, wide] = ratio;
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * random.between(...scale);
    const shape = Math.exp(random.between(Math.log(narrow), Math.log(wide)));
    const w = roundHalfEven(Math.sqrt(area * shape));
    const h = roundHalfEven(Math.sqrt(area / shape));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { left: random.below(width - w + 1), top: random.below(height - h + 1), width: w, height: h };
  }
  // Nothing fits a picture that is too long: the largest central crop of an allowed shape.
  const w = width / height > wide ? roundHalfEven(height * wide) : width;
  const h = width / height < narrow ? roundHalfEven(width / narrow) : height;
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}
