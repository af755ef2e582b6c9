import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answered } from '../../../src/model/asking/question.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { captionTargets } from '../../../src/model/training/batch.js';
import { fixture } from '../../support/golden.js';

let coca: LoadedCoca;
beforeAll(async () => {
  coca = await loadCoca();
}, 60_000);
afterAll(() => coca.close());

test('of a question with its answer what follows the question is the answer, the end token included', () => {
  const { text, given } = answered(coca.tokenizer, 'a small book', 'on a pink background');
  expect(text).toBe('a small book on a pink background');
  const context = coca.tokenizer.context(text);
  expect([...context.slice(1, given)]).toEqual(coca.tokenizer.encode('a small book'));
  const { labels } = captionTargets({ contexts: [context], given: Int32Array.of(given) });
  expect([...labels]).toEqual([...coca.tokenizer.encode('on a pink background'), coca.tokenizer.special.eot]);
});

test('one that does not fit is refused: its answer would be lost', () => {
  expect(() => answered(coca.tokenizer, 'book '.repeat(40), 'yes')).toThrow(/"yes" is longer than the 24 ids/);
});

test('the likelihood of an answer is that of the whole less that of the question, token by token', async () => {
  const picture = await loadPicture(readFileSync(fixture('scenes/0001.png')), coca.preprocess);
  const image = await coca.encodeImages([picture]);
  const answers = ['pink background', 'blue background', 'pink'];
  const texts = answers.map((answer) => answered(coca.tokenizer, 'a small book on a', answer));
  const given = texts.map((text) => text.given);
  const [found] = await coca.captionLikelihoods(
    image,
    texts.map(({ text }) => text),
    { given },
  );
  for (const [i, { text }] of texts.entries()) {
    const ids = [...coca.tokenizer.context(text)];
    const whole = ids.slice(0, ids.indexOf(coca.tokenizer.special.eot) + 1);
    const [logprobs] = await coca.readCaption(image, whole);
    const expected = logprobs!.slice(given[i]! - 1);
    expect(found![i]!.count).toBe(expected.length);
    expect(found![i]!.sum).toBeCloseTo(
      expected.reduce((sum, one) => sum + one, 0),
      3,
    );
  }
});
