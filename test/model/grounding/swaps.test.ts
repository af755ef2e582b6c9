import { describe, expect, test } from 'vitest';
import { judgedCaptions } from '../../../src/model/grounding/swaps.js';

/** [the true word, the false word, the kind] of a false caption. */
function swap(trueCaptions: readonly string[], falseCaption: string) {
  const judged = judgedCaptions(trueCaptions, [falseCaption]);
  return judged.flatMap(({ caption, words }) =>
    words.map(({ word, isTrue, kind }) => `${isTrue ? '+' : '-'}${caption.split(' ')[word]}@${word} ${kind}`),
  );
}

const DOG = [
  'a dog',
  'a dog on a red background',
  'a dog above an owl',
  'an owl below a dog',
  'a dog and an owl',
  'an owl and a dog',
  'a dog above an owl on a red background',
  'an owl below a dog on a red background',
];
const BOOKS = ['two books', 'two books on a blue background'];

describe('which words of a caption are false', () => {
  test.each([
    // Another thing: the noun, and not the article that goes with it.
    [DOG, 'a dog above a cat on a red background', ['-cat@4 things', '+owl@4 things']],
    [DOG, 'an anchor above an owl on a red background', ['-anchor@1 things', '+dog@1 things']],
    [DOG, 'a dog above an owl on a blue background', ['-blue@7 background', '+red@7 background']],
    // Another relation, or the things changed about: the word of the direction.
    [DOG, 'a dog to the left of an owl on a red background', ['-left@4 relation', '+above@2 relation']],
    [DOG, 'an owl above a dog on a red background', ['-above@2 relation', '+below@2 relation']],
    // A number: the word that says it.
    [BOOKS, 'three books on a blue background', ['-three@0 counts', '+two@0 counts']],
    [BOOKS, 'a book on a blue background', ['-a@0 counts', '+two@0 counts']],
    // Any other captions: the first word that departs.
    [['a man rides a horse'], 'a man feeds a horse', ['-feeds@2 other', '+rides@2 other']],
  ])('%#: of %j', (truths, wrong, expected) => {
    expect(swap(truths, wrong).sort()).toEqual([...expected].sort());
  });

  test('a caption that is only shorter tells nothing, nor does one without true captions', () => {
    expect(swap(['a man rides a horse'], 'a man rides')).toEqual([]);
    expect(judgedCaptions([], ['a dog'])).toEqual([]);
  });

  test('a word of a true caption is judged once, whatever stands against it', () => {
    const judged = judgedCaptions(BOOKS, ['three books on a blue background', 'four books on a blue background']);
    const [right] = judged.filter(({ words }) => words.every(({ isTrue }) => isTrue));
    expect(right!.words).toHaveLength(1);
    expect(judged).toHaveLength(3);
  });
});
