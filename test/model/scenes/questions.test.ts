import { expect, test } from 'vitest';
import { Random } from '../../../src/model/base/random.js';
import { describeScene } from '../../../src/model/scenes/world/draw.js';
import { sceneQuestions } from '../../../src/model/scenes/world/questions.js';
import { THINGS } from '../../../src/model/scenes/world/things.js';

const scenes = Array.from({ length: 300 }, (_, i) => describeScene(4, i));
const asked = scenes.map((scene, i) => ({ scene, questions: sceneQuestions(scene, new Random(9, i)) }));

test('every answer follows from the true captions of the scene', () => {
  for (const { scene, questions } of asked) {
    const captions = scene.trueCaptions;
    for (const { question, answer, question_type } of questions) {
      const where = `${question}? ${answer}: ${captions[0]}`;
      if (question_type === 'colour')
        expect(captions.some((caption) => caption.includes(`${answer} background`))).toBe(true);
      if (question_type === 'is_there') {
        const singular = /^is there an? (.+)$/.exec(question)![1]!;
        const { plural } = THINGS.find((thing) => thing.singular === singular)!;
        const isNamed = captions.some((caption) =>
          [singular, plural].some((name) => ` ${caption} `.includes(` ${name} `)),
        );
        // "a heart" is not within "a red heart" as a thing.
        const isThere = scene.content.groups.some(({ thing }) => THINGS[thing]!.singular === singular);
        expect([where, isThere]).toEqual([where, answer === 'yes']);
        if (isThere) expect(isNamed).toBe(true);
      }
      if (question_type === 'relation') {
        const [, side, known] = /^what is (to the left of|to the right of|above|below) the (.+)$/.exec(question)!;
        expect([
          where,
          captions.some((caption) => new RegExp(`${answer} ${side} (an?|two|three|four) ${known}`).test(caption)),
        ]).toEqual([where, true]);
      }
    }
  }
});

test('a scene is asked for the number of each thing, its background, and one thing that is there and one that is not', () => {
  for (const { scene, questions } of asked) {
    const kinds = questions.map(({ question_type }) => question_type);
    expect(kinds.filter((kind) => kind === 'how_many')).toHaveLength(scene.content.groups.length);
    expect(kinds.filter((kind) => kind === 'colour')).toHaveLength(1);
    expect(questions.filter(({ question_type }) => question_type === 'is_there').map(({ answer }) => answer)).toEqual([
      'yes',
      'no',
    ]);
    expect([0, 2]).toContain(kinds.filter((kind) => kind === 'relation').length);
  }
  expect(asked.some(({ questions }) => questions.some(({ question_type }) => question_type === 'relation'))).toBe(true);
});
