/** Parts of the model that can be frozen. */
export const PARTS = ['vision', 'text', 'multimodal', 'logit_scale'] as const;
export type Part = (typeof PARTS)[number];

/** Which part a parameter of the model belongs to. */
export function partOf(name: string): Part {
  if (name.startsWith('visual.')) return 'vision';
  if (name.startsWith('text.')) return 'text';
  if (name.startsWith('text_decoder.')) return 'multimodal';
  return 'logit_scale';
}

/**
 * Whether weight decay applies to a parameter: OpenCLIP's rule, by which vectors, norms, biases and the temperature are
 * spared.
 */
export function decays(name: string, shape: readonly number[]): boolean {
  return shape.length >= 2 && !/bn|ln|bias|logit_scale/.test(name);
}
