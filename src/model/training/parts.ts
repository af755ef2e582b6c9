import type { Objective } from './objective.js';

/** Parts of the model that can be frozen. */
export const PARTS = ['vision', 'text', 'multimodal', 'logit_scale'] as const;
export type Part = (typeof PARTS)[number];

/** Which part a parameter belongs to. A classifier is no part of the model itself. */
export function partOf(name: string): Part | 'classifier' {
  if (name.startsWith('visual.')) return 'vision';
  if (name.startsWith('text.')) return 'text';
  if (name.startsWith('text_decoder.')) return 'multimodal';
  if (name.startsWith('classifier.')) return 'classifier';
  return 'logit_scale';
}

/** Parts on which some loss of the objective depends: no other has a gradient. */
export function partsIn({ contrastive, captioning, classification }: Objective): ReadonlySet<Part | 'classifier'> {
  return new Set([
    ...(contrastive > 0 ? (['vision', 'text', 'logit_scale'] as const) : []),
    ...(captioning > 0 ? (['vision', 'text', 'multimodal'] as const) : []),
    ...(classification > 0 ? (['vision', 'classifier'] as const) : []),
  ]);
}

/**
 * Whether weight decay applies to a parameter: OpenCLIP's rule, by which vectors, norms, biases and the temperature are
 * spared.
 */
export function decays(name: string, shape: readonly number[]): boolean {
  return shape.length >= 2 && !/bn|ln|bias|logit_scale/.test(name);
}
