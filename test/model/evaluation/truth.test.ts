import { describe, expect, it } from 'vitest';
import { labelClasses, listedClasses } from '../../../src/model/data/classes.js';
import { TruthCount } from '../../../src/model/evaluation/truth.js';
import { trueCaptions } from '../../../src/model/scenes/world/grammar.js';
import { THINGS } from '../../../src/model/scenes/world/things.js';

const thing = (name: string) => THINGS.findIndex(({ singular }) => singular === name);
const dog = trueCaptions({
  groups: [{ thing: thing('dog'), count: 1 }],
  relation: null,
  size: 'small',
  background: 'red',
});
const pair = trueCaptions({
  groups: [
    { thing: thing('dog'), count: 1 },
    { thing: thing('cat'), count: 2 },
  ],
  relation: 'above',
  size: null,
  background: 'blue',
});

describe('truth', () => {
  it('of a pair that can be read either way is that of either reading, and says nothing of relations', () => {
    const groups = [
      { thing: thing('dog'), count: 1 },
      { thing: thing('cat'), count: 1 },
    ];
    const content = { groups, size: null, background: 'blue' };
    const both = [
      ...trueCaptions({ ...content, relation: 'left' }),
      ...trueCaptions({ ...content, groups: groups.toReversed(), relation: 'above' }),
    ];
    const truth = new TruthCount();
    expect(truth.add('a dog to the left of a cat', both)).toBe(true);
    expect(truth.add('a dog below a cat', both)).toBe(true);
    expect(truth.add('a dog above a cat', both)).toBe(false);
    expect(truth.metrics()).toMatchObject({
      true_captions_pair: 2 / 3,
      things_right: 1,
      counts_right: 1,
      relation_right: null,
    });
  });

  it('is counted by kind of scene and by parts of captions', () => {
    const truth = new TruthCount();
    expect(truth.add('a small dog', dog)).toBe(true);
    expect(truth.add('a large dog on a red background', dog)).toBe(false);
    expect(truth.add('a dog above a cat on a blue background', pair)).toBe(false);
    expect(truth.add('two cats above a dog', pair)).toBe(false);
    expect(truth.add('a dog below the moon', pair)).toBe(false);
    expect(truth.metrics()).toEqual({
      true_captions: 1 / 5,
      true_captions_single: 1 / 2,
      true_captions_count: null,
      true_captions_pair: 0,
      in_grammar: 4 / 5,
      things_right: 4 / 5,
      counts_right: 3 / 5,
      relation_right: 3 / 5,
      size_right: 3 / 5,
      background_right: 4 / 5,
    });
  });

  it('of pictures of another world is the list of what is true, and no more', () => {
    const truth = new TruthCount();
    truth.add('ein Hund', ['ein Hund', 'ein kleiner Hund']);
    truth.add('eine Katze', []);
    expect(truth.metrics()).toEqual({ true_captions: 1 / 2 });
    expect(new TruthCount().metrics()).toEqual({});
  });
});

describe('classes', () => {
  it('are listed by their numbers, with or without labels of their own', () => {
    const plain = listedClasses('tench\n\ngreat white shark\r\n', 'c.txt');
    expect(plain.names).toEqual(['tench', 'great white shark']);
    expect([0, '1', 'tench', 2, 'shark', -1].map(plain.indexOf)).toEqual([0, 1, 0, undefined, undefined, undefined]);
    const labelled = listedClasses('n01440764\ttench\nn01484850\tgreat white shark\n', 'c.tsv');
    expect(labelled.names).toEqual(['tench', 'great white shark']);
    expect(['n01484850', 0, 'tench'].map(labelled.indexOf)).toEqual([1, 0, undefined]);
  });

  it('are the labels where there is no list', () => {
    const classes = labelClasses(['sea_lion', 'ant', 'sea_lion'], 'data');
    expect(classes.names).toEqual(['ant', 'sea lion']);
    expect(classes.indexOf('sea_lion')).toBe(1);
  });

  it('that say nothing are refused', () => {
    const refused = (make: () => unknown, message: RegExp) =>
      expect(make).toThrow(expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) }));
    refused(() => listedClasses('\n \n', 'c.txt'), /no classes in c\.txt/);
    expect(() => listedClasses('a\n\nb\ufffd', 'c.txt')).toThrow(/c\.txt, line 3: has U\+FFFD/);
    refused(() => listedClasses('a\nb\na\n', 'c.txt'), /class "a" is twice/);
    refused(() => labelClasses([3, 1], 'data'), /labels of data are numbers/);
    refused(() => labelClasses(['0', 'a'], 'data'), /are numbers/);
    refused(() => labelClasses([], 'data'), /no classes/);
  });
});
