import type { DecodingOptions } from '../model/decoding/index.js';

/** "6 beams in 2 groups": how a search goes on. */
export function searchName(options: DecodingOptions): string {
  return asScored(widthName(options), options);
}

/** A search's name, with the rules that it scores by where they are not the usual ones. */
export const asScored = (name: string, { scoring }: DecodingOptions): string =>
  scoring === 'openclip' ? `${name} as OpenCLIP scores` : name;

/** The same without the rules. */
export function widthName({ strategy, beams, groups, num }: DecodingOptions): string {
  if (strategy === 'greedy') return 'greedy';
  if (strategy === 'sample') return `${num} ${num === 1 ? 'sample' : 'samples'}`;
  return groups > 1 ? `${beams} beams in ${groups} groups` : `${beams} beams`;
}
