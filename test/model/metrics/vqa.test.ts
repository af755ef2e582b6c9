import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerTypeOf, vqaAccuracy, vqaNormal } from '../../../src/model/metrics/vqa.js';
import { fixture } from '../../support/golden.js';

interface Reference {
  readonly strings: readonly { readonly text: string; readonly normal: string }[];
  readonly accuracies: readonly {
    readonly answer: string;
    readonly people: readonly string[];
    readonly accuracy: number;
  }[];
}
const { strings, accuracies }: Reference = JSON.parse(readFileSync(fixture('vqa/strings.json'), 'utf8'));

describe("VQA's own rules", () => {
  test.each(strings)('$text', ({ text, normal }) => {
    expect(vqaNormal(text)).toBe(normal);
  });

  test.each(accuracies)('$answer where people say $people', ({ answer, people, accuracy }) => {
    // The reference rounds percentages to ten places.
    expect(vqaAccuracy(answer, people)).toBeCloseTo(accuracy, 10);
  });
});

test('of few people one is enough', () => {
  expect(vqaAccuracy('Two.', ['2'])).toBe(1);
  expect(vqaAccuracy('the dog', ['cat', 'dog'])).toBe(1);
  expect(vqaAccuracy('dog', ['cat', 'bird', 'cow'])).toBe(0);
});

test('kinds of answers', () => {
  expect(['Yes', 'no.', 'two', '3.5', 'left', 'a 2'].map(answerTypeOf)).toEqual([
    'yes/no',
    'yes/no',
    'number',
    'number',
    'other',
    'number',
  ]);
});
