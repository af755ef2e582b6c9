import { describe, expect, it } from 'vitest';
import { closest, didYouMeanName, nearNames } from '../../../../src/model/base/names/suggest.js';

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

describe('nearNames', () => {
  const names = ['scenes', 'coca_ViT-B-32', 'coca_ViT-L-14', 'ViT-B-32', 'ViT-L-14', 'ViT-SO400M-14-SigLIP'];
  it.each<[string, string[]]>([
    ['B32x', ['ViT-B-32', 'coca_ViT-B-32']],
    ['vitb32', ['ViT-B-32', 'coca_ViT-B-32']],
    ['coca_ViT_B_32', ['coca_ViT-B-32']],
    ['coca-vit-l14', ['coca_ViT-L-14']],
    ['siglip', ['ViT-SO400M-14-SigLIP']],
    ['scene', ['scenes']],
    ['Sceens', ['scenes']],
    ['xy', []],
    ['photo', []],
    ['x'.repeat(100_000), []],
  ])('%.20s', (word, near) => {
    expect(nearNames(word, names)).toEqual(near);
  });

  it('is said in a sentence', () => {
    expect(didYouMeanName('B32x', names)).toBe('did you mean ViT-B-32 or coca_ViT-B-32?');
    expect(didYouMeanName('scene', names)).toBe('did you mean scenes?');
    expect(didYouMeanName('photo', names)).toBeUndefined();
  });
});
