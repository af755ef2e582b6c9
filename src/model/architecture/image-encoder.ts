import type { ModelConfig } from '../config/config.js';
import { latentHead, latentTrunk } from './latent-tower.js';
import type { AttentionWatcher, Ops } from './ops.js';
import { type VisionOutput, visionHead, visionTrunk } from './vision.js';

/** The image encoder of a config: pixels [B, 3, S, S], normalised -> embedding and image tokens. */
export function imageEncoder<T>(
  ops: Ops<T>,
  config: ModelConfig,
  pixels: T,
  watch?: AttentionWatcher<T>,
): VisionOutput<T> {
  return imageHead(ops, config, imageTrunk(ops, config, pixels, watch), watch);
}

/** Its first half, which every frame of a clip goes through by itself: pixels [B, 3, S, S] -> encoder outputs [B, K, W]. */
export function imageTrunk<T>(ops: Ops<T>, config: ModelConfig, pixels: T, watch?: AttentionWatcher<T>): T {
  const trunk = config.vision.timm_model_name === null ? visionTrunk : latentTrunk;
  return trunk(ops, config, pixels, watch);
}

/**
 * Its second half. An attentional pooler takes the encoder outputs of a picture [B, K, W] as well as those of all N frames of a
 * clip in a row, [B, N K, W] (CoCa, section 4.2; VideoCoCa, Yan et al. 2022, arXiv 2212.04979).
 */
export function imageHead<T>(
  ops: Ops<T>,
  config: ModelConfig,
  outputs: T,
  watch?: AttentionWatcher<T>,
): VisionOutput<T> {
  const head = config.vision.timm_model_name === null ? visionHead : latentHead;
  return head(ops, config, outputs, watch);
}
