import type { ModelConfig } from '../config/config.js';
import type { PictureOptions } from './load-picture.js';

/** How pictures must be loaded for a model of this config. */
export function pictureOptions({ vision, preprocess }: ModelConfig): PictureOptions {
  const { interpolation, resize_mode, fill_color } = preprocess;
  return { size: vision.image_size, interpolation, resizeMode: resize_mode, fillColor: fill_color };
}
