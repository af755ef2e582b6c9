import type { ModelConfig } from '../config/config.js';
import { latentVisionTower } from './latent-tower.js';
import type { AttentionWatcher, Ops } from './ops.js';
import { type VisionOutput, visionTower } from './vision.js';

/** The image encoder of a config: pixels [B, 3, S, S], normalised -> embedding and image tokens. */
export function imageEncoder<T>(
  ops: Ops<T>,
  config: ModelConfig,
  pixels: T,
  watch?: AttentionWatcher<T>,
): VisionOutput<T> {
  const tower = config.vision.timm_model_name === null ? visionTower : latentVisionTower;
  return tower(ops, config, pixels, watch);
}
