import type { Random } from '../../base/random.js';
import { otherReading } from './ambiguous.js';
import type { DescribedScene } from './draw.js';
import { article } from './grammar.js';
import { NUMBERS, THINGS } from './things.js';

/** Kinds of questions about scenes. */
export type QuestionKind = 'how_many' | 'colour' | 'relation' | 'is_there';

/** A question about a scene, with its one answer, as `questions.jsonl` has them. */
export interface SceneQuestion {
  readonly question: string;
  readonly answer: string;
  readonly question_type: QuestionKind;
  readonly answer_type: 'yes/no' | 'number' | 'other';
}

/**
 * Questions about a scene, all that its grammar knows the answer of: how many there are of each thing, the colour of the background, what lies
 * on which side of what (of a pair that can be read either way nothing), and whether a thing is there: one that is, and one that is not.
 */
export function sceneQuestions({ content, placements }: DescribedScene, random: Random): readonly SceneQuestion[] {
  const { groups, relation, background } = content;
  const things = groups.map(({ thing }) => THINGS[thing]!);
  const counts = groups.map(({ thing, count }): SceneQuestion => {
    return {
      question: `how many ${THINGS[thing]!.plural} are there`,
      answer: count === 1 ? 'one' : NUMBERS.get(count)!,
      question_type: 'how_many',
      answer_type: 'number',
    };
  });
  const colour: SceneQuestion = {
    question: 'what colour is the background',
    answer: background,
    question_type: 'colour',
    answer_type: 'other',
  };
  const isPlain = relation !== null && otherReading(content, placements) === undefined;
  const absent = random.pick(THINGS.filter((thing) => !things.includes(thing)));
  const isThere = (singular: string, answer: 'yes' | 'no'): SceneQuestion => ({
    question: `is there ${article(singular)} ${singular}`,
    answer,
    question_type: 'is_there',
    answer_type: 'yes/no',
  });
  return [
    ...counts,
    colour,
    ...(isPlain ? relations(groups, relation) : []),
    isThere(random.pick(things).singular, 'yes'),
    isThere(absent.singular, 'no'),
  ];
}

/** What is on the one side of the second, and on the other side of the first. */
function relations(groups: DescribedScene['content']['groups'], relation: 'left' | 'above'): readonly SceneQuestion[] {
  const [first, second] = groups.map(({ thing, count }) => {
    const { singular, plural } = THINGS[thing]!;
    return count > 1 ? plural : singular;
  }) as [string, string];
  const [to, from] = relation === 'left' ? ['to the left of', 'to the right of'] : ['above', 'below'];
  const about = (side: string, known: string, answer: string): SceneQuestion => ({
    question: `what is ${side} the ${known}`,
    answer,
    question_type: 'relation',
    answer_type: 'other',
  });
  return [about(to!, second, first), about(from!, first, second)];
}
