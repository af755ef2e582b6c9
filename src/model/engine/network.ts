import type { TreeModel } from '../decoding/types.js';

/** Image tokens on the engine, ready to be cross-attended; opaque to everyone but the engine that made them. */
export interface ImageTokens {
  readonly count: number;
}

export interface EncodedImages {
  /** [B, E] each as one row-major array: before and after L2 normalisation. */
  readonly latent: Float32Array;
  readonly features: Float32Array;
  readonly tokens: ImageTokens;
}

export interface EncodedTexts {
  /** [B, E] each as one row-major array: before and after L2 normalisation. */
  readonly latent: Float32Array;
  readonly features: Float32Array;
}

/** A CoCa network on some engine and device. */
export interface Network {
  /** cpu, cuda, webgpu, coreml or dml. */
  readonly device: string;
  /** pixels [B, 3, S, S], normalised. */
  encodeImages(pixels: Float32Array, count: number): Promise<EncodedImages>;
  /** Texts as contexts of `context_length` ids each: start, tokens, end, padding. */
  encodeTexts(contexts: readonly Int32Array[]): Promise<EncodedTexts>;
  /** Decoding trees, one for each picture. */
  openTrees(tokens: ImageTokens): Promise<TreeModel>;
  /** Makes ready what a task will need, so that its first call is as fast as the others. */
  prepare(task: 'images' | 'texts' | 'captions'): Promise<void>;
  release(): Promise<void>;
}
