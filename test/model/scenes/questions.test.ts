import { expect, test } from 'vitest';
import { Random } from '../../../src/model/base/random.js';
import { describeScene, drawScene } from '../../../src/model/scenes/world/draw.js';
import { kinship, UNMIXED } from '../../../src/model/scenes/world/mix.js';
import { questionStream, sceneQuestions, trainingQuestion } from '../../../src/model/scenes/world/questions.js';
import { THINGS } from '../../../src/model/scenes/world/things.js';

const scenes = Array.from({ length: 300 }, (_, i) => describeScene(4, i));
const asked = scenes.map((scene, i) => ({ scene, questions: sceneQuestions(scene, new Random(9, i)) }));

test('in training a share of the scenes by themselves come with a question, of every kind, and are the scenes that they were', () => {
  const mix = { ...UNMIXED, families: 0.3, arrangements: 0.2, questions: 0.5 };
  const kinds = new Map<string, number>();
  let [alone, questions] = [0, 0];
  for (let i = 0; i < 2000; i++) {
    const scene = drawScene(5, i, { mix });
    expect(scene).toEqual(drawScene(5, i, { mix: { ...mix, questions: 0 } }));
    const asked = trainingQuestion(5, i, scene, mix);
    expect(trainingQuestion(5, i, scene, mix)).toEqual(asked);
    expect(trainingQuestion(5, i, scene, { ...mix, questions: 0 })).toBeUndefined();
    const isAlone = kinship(mix, Math.floor(i / 4)) === 'unrelated';
    if (isAlone) alone++;
    if (!asked) continue;
    expect(isAlone).toBe(true);
    questions++;
    kinds.set(asked.question_type, (kinds.get(asked.question_type) ?? 0) + 1);
    expect(sceneQuestions(scene, questionStream(5, i))).toContainEqual(asked);
  }
  expect(questions / alone).toBeGreaterThan(0.45);
  expect(questions / alone).toBeLessThan(0.55);
  // Relations are asked of plain pairs alone.
  for (const kind of ['how_many', 'colour', 'is_there']) expect(kinds.get(kind)! / questions).toBeGreaterThan(0.22);
  expect(kinds.get('relation')! / questions).toBeGreaterThan(0.08);
});

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
