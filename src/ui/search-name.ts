import type { DecodingOptions } from '../model/decoding/index.js';

/** "6 beams in 2 groups": how a search goes on. */
export function searchName({ strategy, beams, groups, num }: DecodingOptions): string {
  if (strategy === 'greedy') return 'greedy';
  if (strategy === 'sample') return `${num} ${num === 1 ? 'sample' : 'samples'}`;
  return groups > 1 ? `${beams} beams in ${groups} groups` : `${beams} beams`;
}
