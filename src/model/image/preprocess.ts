import type { CocaConfig } from '../config/config.js';
import type { PictureOptions } from './load-picture.js';

/** How pictures must be loaded for a model of this config. */
export function pictureOptions({ vision, preprocess }: CocaConfig): PictureOptions {
  const { interpolation, resize_mode, fill_color } = preprocess;
  return { size: vision.image_size, interpolation, resizeMode: resize_mode, fillColor: fill_color };
}
