import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bleu } from '../../../src/model/metrics/bleu.js';
import { captionMetrics } from '../../../src/model/metrics/caption-metrics.js';
import { cider } from '../../../src/model/metrics/cider.js';
import { ptbTokens } from '../../../src/model/metrics/ptb.js';
import { rougeL } from '../../../src/model/metrics/rouge.js';
import { fixture } from '../../support/golden.js';

interface Expected {
  readonly tokens: readonly { readonly caption: string; readonly tokens: readonly string[] }[];
  readonly images: readonly { readonly references: readonly string[]; readonly close: string; readonly far: string }[];
  readonly close: Readonly<Record<string, number>>;
  readonly far: Readonly<Record<string, number>>;
}

const expected: Expected = JSON.parse(readFileSync(fixture('caption-metrics/expected.json'), 'utf8'));

describe('tokens, against the Stanford tokenizer in pycocoevalcap', () => {
  it.each(expected.tokens.map(({ caption, tokens }) => [caption, tokens] as const))('%s', (caption, tokens) => {
    expect(ptbTokens(caption)).toEqual(tokens);
  });
});

describe("metrics, against pycocoevalcap's figures", () => {
  it.each(['close', 'far'] as const)('of the %s candidates', (which) => {
    const captions = expected.images.map((image) => ({ candidate: image[which], references: image.references }));
    const metrics = captionMetrics(captions);
    expect(Object.keys(metrics)).toEqual(Object.keys(expected[which]));
    for (const [name, value] of Object.entries(expected[which])) {
      expect(metrics[name as keyof typeof metrics]).toBeCloseTo(value, 10);
    }
  });
});

describe('metrics by hand', () => {
  const caption = (candidate: string, ...references: string[]) => ({
    candidate: candidate.split(' ').filter(Boolean),
    references: references.map((reference) => reference.split(' ')),
  });

  it('BLEU clips what is said too often and punishes what is short', () => {
    // Papineni et al. 2002, example 2: "the" seven times, twice in a reference.
    const the = caption('the the the the the the the', 'the cat is on the mat', 'there is a cat on the mat');
    expect(bleu([the])[0]).toBeCloseTo(2 / 7, 8);
    // Four right words of eight: brevity exp(1 - 8 / 4).
    const short = caption('a b c d', 'a b c d e f g h');
    for (const value of bleu([short])) expect(value).toBeCloseTo(Math.exp(-1), 6);
    // Of references equally close in length the shorter counts: no penalty.
    expect(bleu([caption('a b c', 'a b', 'a b c d')])[0]).toBeCloseTo(1, 8);
  });

  it('ROUGE-L is the F-measure of the longest common subsequence', () => {
    // lcs("a b c d", "a x c d e") = a c d: precision 3/4, recall 3/5.
    const [p, r] = [3 / 4, 3 / 5];
    expect(rougeL([caption('a b c d', 'a x c d e')])).toBeCloseTo(((1 + 1.44) * p * r) / (r + 1.44 * p), 12);
    expect(rougeL([caption('', 'a b')])).toBe(0);
    expect(rougeL([caption('x', 'a b'), caption('a b', 'a b')])).toBeCloseTo(0.5, 12);
  });

  it('CIDEr is ten for a caption that is its only reference, and nothing for a single picture', () => {
    const pairs = [caption('a b c d e', 'a b c d e'), caption('f g h i j', 'f g h i j')];
    expect(cider(pairs)).toBeCloseTo(10, 10);
    expect(cider(pairs.slice(0, 1))).toBe(0);
  });
});
