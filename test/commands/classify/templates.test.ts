import { expect, test } from 'vitest';
import { templatesOf } from '../../../src/commands/classify/templates.js';

test("OpenAI's set is 80 templates behind those that are given, each once", () => {
  const openai = templatesOf({ template: [], templates: 'openai' });
  expect(openai).toHaveLength(80);
  expect(openai.every((template) => template.split('{}').length === 2)).toBe(true);
  expect(openai).toEqual(expect.arrayContaining(['itap of a {}.', 'a photo of a {}.', 'a tattoo of the {}.']));
  expect(templatesOf({ template: ['a {}', 'itap of a {}.'], templates: 'openai' }).slice(0, 2)).toEqual([
    'a {}',
    'itap of a {}.',
  ]);
  expect(templatesOf({ template: ['a {}', 'itap of a {}.'], templates: 'openai' })).toHaveLength(81);
  expect(templatesOf({ template: [], templates: undefined })).toEqual(['a photo of a {}.']);
  expect(() => templatesOf({ template: ['a'], templates: 'openai' })).toThrow(/has no {}/);
});
