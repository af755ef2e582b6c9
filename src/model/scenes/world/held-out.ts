import { createHash } from 'node:crypto';

/** One pair of things in so many is kept for tests. */
const ONE_IN = 10n;

/**
 * Whether two things never share a picture in training: md5 of "LOWER-HIGHER", their indices in decimal, read as an
 * integer, is divisible by ten. The same for every seed, so that what a model has seen is known for good.
 */
export function isHeldOut(a: number, b: number): boolean {
  const digest = createHash('md5')
    .update(`${Math.min(a, b)}-${Math.max(a, b)}`)
    .digest('hex');
  return BigInt(`0x${digest}`) % ONE_IN === 0n;
}
