import { describe, expect, it } from 'vitest';
import { closest } from '../../src/cli/suggest.js';

describe('closest', () => {
  const words = ['caption', 'rank', 'embed', 'init', 'help'];
  it.each<[string, string | undefined]>([
    ['captoin', 'caption'],
    ['Caption', 'caption'],
    ['capt', 'caption'],
    ['rnak', 'rank'],
    ['embd', 'embed'],
    ['ini', 'init'],
    ['x', undefined],
    ['serve', undefined],
    ['', undefined],
    ['c'.repeat(100_000), undefined],
  ])('%.10s', (word, guess) => {
    expect(closest(word, words)).toBe(guess);
  });
});
