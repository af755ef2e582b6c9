import { describe, expect, it } from 'vitest';
import { captionObject } from '../../../src/commands/caption/output.js';
import type { Caption } from '../../../src/model/api.js';
import { loadTokenizer, type Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { shadedWords } from '../../../src/ui/caption-view.js';

/** 1 start, 2 end, 0 padding; "un-" does not end its word. */
const PIECES = ['<pad>', '<start>', '<end>', 'a', 'un', 'seen', 'dog'];
const tokenizer: Tokenizer = {
  vocabSize: PIECES.length,
  contextLength: 8,
  special: { sot: 1, eot: 2, pad: 0 },
  encode: () => [],
  decode(ids) {
    let text = '';
    for (const id of ids) if (id > 2) text += id === 4 ? PIECES[id] : `${PIECES[id]} `;
    return text.trim();
  },
  context: () => new Int32Array(8),
  fits: () => true,
  tokenText: (id) => PIECES[id]!,
  endsWord: (id) => id > 2 && id !== 4,
};
const model = { name: 'tiny', device: 'cpu', precision: 'fp32' as const, tokenizer };

const best: Caption = {
  ids: [1, 3, 4, 5, 6, 2],
  tokens: [
    { id: 4, logprob: Math.log(0.5), top: [{ id: 6, logprob: Math.log(0.5) }] },
    { id: 5, logprob: Math.log(0.5) },
    { id: 6, logprob: Math.log(0.9) },
    { id: 2, logprob: Math.log(0.1) },
  ],
  score: -1,
  text: 'a unseen dog',
};
const other: Caption = { ids: [1, 6, 2], tokens: [], score: -2, text: 'dog' };

describe('shadedWords', () => {
  it('multiplies over the tokens of a word; a prompt is certain; special tokens are no words', () => {
    expect(shadedWords(best, tokenizer)).toEqual([
      { text: 'a', probability: 1 },
      { text: 'unseen', probability: expect.closeTo(0.25, 12) },
      { text: 'dog', probability: expect.closeTo(0.9, 12) },
    ]);
  });

  it('keeps a word that was cut off', () => {
    const cut = { ids: [1, 4], tokens: [{ id: 4, logprob: 0 }], score: 0 };
    expect(shadedWords(cut, tokenizer)).toEqual([{ text: 'un', probability: 1 }]);
  });

  it('keeps a "!" that was generated, though its id pads in CLIP\'s vocabulary; what really pads is left out', async () => {
    const clip = await loadTokenizer({ contextLength: 77, vocabSize: 49408 });
    const { sot, eot, pad } = clip.special;
    expect(clip.tokenText(pad)).toBe('!');
    const ids = [sot, ...clip.encode('a dog'), pad, eot, pad];
    const tokens = ids.slice(1).map((id) => ({ id, logprob: Math.log(0.5) }));
    expect(shadedWords({ ids, tokens }, clip).map(({ text }) => text)).toEqual(['a', 'dog', '!']);
  });
});

describe('captionObject', () => {
  const ms = { encode: 60.04, decode: 300.06 };

  it('has the fields of the contract, in its order', () => {
    const object = captionObject({ image: 'a.jpg', captions: [best, other], coca: model, ms });
    expect(Object.keys(object)).toEqual([
      'image',
      'caption',
      'score',
      'ids',
      'tokens',
      'alternatives',
      'model',
      'device',
      'ms',
    ]);
    expect(object).toMatchObject({
      image: 'a.jpg',
      caption: 'a unseen dog',
      ids: best.ids,
      alternatives: [{ caption: 'dog', score: -2, ids: [1, 6, 2] }],
      model: 'tiny',
      device: 'cpu',
      ms: { encode: 60, decode: 300.1 },
    });
  });

  it('has top and alternatives only where there are some', () => {
    const object = captionObject({ image: 'a.jpg', captions: [best], coca: model, ms }) as { tokens: object[] };
    expect(object).not.toHaveProperty('alternatives');
    expect(object.tokens[0]).toHaveProperty('top', [{ id: 6, text: 'dog', logprob: Math.log(0.5) }]);
    expect(object.tokens[1]).not.toHaveProperty('top');
  });
});
