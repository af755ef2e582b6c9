import { joined } from '../base/numbers/joined.js';
import type { ImageTokens } from './network.js';

/** The tokens of several pictures, one after the other. */
export const sideBySide = (images: readonly ImageTokens[]): ImageTokens => ({
  count: images.reduce((sum, { count }) => sum + count, 0),
  data: joined(images.map(({ data }) => data)),
});

/** The tokens of each picture, in their order: views of what is there, each of one picture. */
export function apart({ count, data }: ImageTokens): ImageTokens[] {
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => ({ count: 1, data: data.subarray(i * length, (i + 1) * length) }));
}
