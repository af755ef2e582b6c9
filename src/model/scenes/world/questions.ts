import { Random } from '../../base/random.js';
import { otherReading } from './ambiguous.js';
import type { DrawnScene } from './draw.js';
import { FAMILY } from './family.js';
import { article } from './grammar.js';
import { kinship, type SceneMix } from './mix.js';
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
export function sceneQuestions(
  { content, placements }: Pick<DrawnScene, 'content' | 'placements'>,
  random: Random,
): readonly SceneQuestion[] {
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

/** Added to the seed of scenes: what is asked of them is drawn from streams of its own, and scenes are the same with and without. */
const SEED = 2 ** 40;

/** The stream that questions about scene number `index` of a seed are drawn from. */
export const questionStream = (seed: number, index: number): Random => new Random(seed + SEED, index);

/**
 * The question that a scene comes with in training, in place of its caption; undefined where it has a caption. Kinds that a scene has are equally
 * likely.
 */
export function trainingQuestion(
  seed: number,
  index: number,
  scene: Pick<DrawnScene, 'content' | 'placements'>,
  mix: SceneMix,
): SceneQuestion | undefined {
  if (mix.questions === 0 || kinship(mix, Math.floor(index / FAMILY)) !== 'unrelated') return undefined;
  const random = questionStream(seed, index);
  const questions = sceneQuestions(scene, random);
  if (!random.chance(mix.questions)) return undefined;
  const kind = random.pick([...new Set(questions.map(({ question_type }) => question_type))]);
  return random.pick(questions.filter(({ question_type }) => question_type === kind));
}

/** What is on the one side of the second, and on the other side of the first. */
function relations(groups: DrawnScene['content']['groups'], relation: 'left' | 'above'): readonly SceneQuestion[] {
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
