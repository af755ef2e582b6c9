import { describe, expect, test } from 'vitest';
import { type DecodingOptions, decodingOptions, results } from '../../../src/model/decoding/index.js';
import {
  type Action,
  CANDIDATES,
  currentLine,
  hypothesesOf,
  type Move,
  Stepper,
  sessionTree,
  startSession,
} from '../../../src/model/stepper/index.js';
import { PathModel } from '../decoding/hash-model.js';
import { ForgetfulModel } from './walks.js';

/** Tokens 0 to 3, start 4, end 5; what follows depends on the last token alone. */
const SPECIAL = { sot: 4, eot: 5, pad: 0 };
const AFTER: Readonly<Record<number, readonly number[]>> = {
  4: [0.3, 0.25, 0.2, 0.1, 0.05, 0.1],
  0: [0.1, 0.4, 0.2, 0.1, 0.1, 0.1],
  1: [0.3, 0.1, 0.4, 0.05, 0.1, 0.05],
  2: [0.1, 0.1, 0.1, 0.1, 0.1, 0.5],
  3: [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
  5: [1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6],
};
const LIMITS = { vocabSize: 6, contextLength: 10 };

function open(given: Partial<DecodingOptions> = {}): Stepper {
  const options = decodingOptions(
    { beams: given.strategy ? undefined : 2, minLength: 0, maxLength: 8, trace: CANDIDATES, ...given } as object,
    LIMITS,
  );
  const model = new PathModel([(ids) => Float32Array.from(AFTER[ids.at(-1)!]!, Math.log)], 6);
  return new Stepper(new ForgetfulModel(model), startSession(options, SPECIAL, [4], LIMITS));
}

async function doing(stepper: Stepper, ...inputs: (Action | Move)[]): Promise<Stepper> {
  for (const input of inputs) await stepper.perform(input);
  return stepper;
}

/** "0: 4 0 0.300": beams by number, and captions, each with its probability. */
const texts = ({ session }: Stepper): string[] =>
  hypothesesOf(currentLine(session)).map(
    (one) =>
      `${one.kind === 'live' ? one.number : 'end'}: ${one.text.ids.join(' ')} ${Math.exp(one.text.sum).toFixed(4)}`,
  );

const fates = ({ session }: Stepper): string[] =>
  currentLine(session)
    .state.considered.at(-1)!
    .map(({ parent, token, fate }) => `${parent}:${token} ${fate}`);

const whys = ({ session }: Stepper): (string | undefined)[] =>
  sessionTree(session.walk)
    .filter(({ state }) => state === 'pruned')
    .map(({ id, token, why }) => `${id}:${token} ${why}`);

const next = (line = 0): Action => ({ type: 'next', line });
const force = (beam: number, token: number, line = 0): Action => ({ type: 'force', line, beam, token });
const prune = (beam: number, line = 0): Action => ({ type: 'prune', line, beam });
const fork = (at: number, length?: number, line = 0): Action => ({
  type: 'fork',
  line,
  at,
  ...(length !== undefined && { length }),
});
const set = (options: object, line = 0): Action => ({ type: 'set', line, options });

describe('force', () => {
  test('at the start: the only beam has only this continuation', async () => {
    const stepper = await doing(open(), force(0, 3));
    expect(texts(stepper)).toEqual(['0: 4 3 0.1000']);
    expect(fates(stepper)).toEqual(['0:3 live', '0:0 forced', '0:1 forced', '0:2 forced', '0:5 forced', '0:4 forced']);
    expect(currentLine(stepper.session).state.nodes.at(-1)).toMatchObject({ token: 3, forced: true });
  });

  test('among others: it has a place whatever its rank, and the other beams fill the rest', async () => {
    const stepper = await doing(open(), next());
    expect(texts(stepper)).toEqual(['0: 4 0 0.3000', '1: 4 1 0.2500']);
    await doing(stepper, force(1, 3));
    // 0 2 (0.06) is likelier than 1 3 (0.0125), and has no place.
    expect(texts(stepper)).toEqual(['0: 4 0 1 0.1200', '1: 4 1 3 0.0125']);
    expect(fates(stepper)).toContain('1:2 score');
    // After that it is a beam like any other.
    await doing(stepper, next());
    expect(texts(stepper)).toEqual(['0: 4 0 1 2 0.0480', '1: 4 0 1 0 0.0360']);
    expect(whys(stepper)).toContain('4:3 score');
  });

  test('what would have won anyway changes nothing but the others', async () => {
    const stepper = await doing(open(), next(), force(0, 1));
    expect(texts(stepper)).toEqual(['0: 4 0 1 0.1200', '1: 4 1 2 0.1000']);
  });

  test('the end token finishes, and takes no place among the beams', async () => {
    const stepper = await doing(open(), next(), force(1, 5));
    expect(texts(stepper)).toEqual(['0: 4 0 1 0.1200', '1: 4 0 2 0.0600', 'end: 4 1 5 0.0125']);
  });

  test('overrides what is banned, at what the model says of it', async () => {
    const stepper = await doing(open({ minLength: 8, noRepeatNgram: 1 }), next(), force(0, 5));
    expect(texts(stepper)).toContain('end: 4 0 5 0.0300');
    await doing(stepper, { type: 'undo' }, force(0, 0));
    expect(texts(stepper)).toContain('1: 4 0 0 0.0300');
  });

  test('pays a repetition penalty as any token does', async () => {
    const stepper = await doing(open({ repetitionPenalty: 2 }), next(), force(0, 0));
    // log 0.3 + 2 log 0.1
    expect(texts(stepper)).toContain('1: 4 0 0 0.0030');
  });

  test('of greedy search and of a sample is the token', async () => {
    expect(texts(await doing(open({ strategy: 'greedy' }), force(0, 3), next()))).toEqual(['0: 4 3 0 0.0500']);
    const samples = await doing(open({ strategy: 'sample', num: 2, seed: 3 }), next());
    const [first, second] = texts(samples);
    await doing(samples, { type: 'undo' }, force(1, 3));
    expect(texts(samples)[0]).toBe(first);
    expect(texts(samples)[1]).toBe('1: 4 3 0.1000');
    expect(second).not.toBe('1: 4 3 0.1000');
  });

  test('in one group of several leaves the others as they are, and they pay for it', async () => {
    const stepper = await doing(open({ groups: 2, diversity: 9 }), force(0, 2));
    // The second group would not take the first one's token.
    expect(texts(stepper)).toEqual(['0: 4 2 0.2000', '1: 4 0 0.3000']);
    await doing(stepper, { type: 'undo' }, force(0, 0));
    expect(texts(stepper)).toEqual(['0: 4 0 0.3000', '1: 4 1 0.2500']);
  });

  test.each([
    [force(2, 0), 'this line has no beam 2'],
    [force(0, 6), 'id 6 is not among the 6 ids'],
    [force(0, -1), 'id -1 is not among'],
    [force(0, 0, 1), 'there is no line 1'],
  ])('%j cannot be', async (action, message) => {
    const stepper = await doing(open(), next());
    const before = stepper.session;
    await expect(stepper.perform(action)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
    expect(stepper.session).toBe(before);
  });
});

describe('prune', () => {
  test('takes a beam out; the others keep their numbers, and the next step fills its place', async () => {
    const stepper = await doing(open({ beams: 3 }), next(), prune(1));
    expect(texts(stepper)).toEqual(['0: 4 0 0.3000', '2: 4 2 0.2000']);
    expect(whys(stepper)).toEqual(['2:1 by-hand']);
    await doing(stepper, next());
    expect(texts(stepper)).toEqual(['0: 4 0 1 0.1200', '1: 4 0 2 0.0600', '2: 4 0 0 0.0300', 'end: 4 2 5 0.1000']);
  });

  test('looks on at what it looked at', async () => {
    const stepper = await doing(open({ beams: 3 }), next(), { type: 'choose', at: 2 }, prune(0));
    expect(currentLine(stepper.session).chosen).toBe(1);
    await doing(stepper, prune(2));
    expect(currentLine(stepper.session).chosen).toBe(0);
  });

  test('ends a group with its last beam, and the search with the last group', async () => {
    const stepper = await doing(open({ groups: 2, diversity: 1 }), next(), force(0, 5));
    expect(texts(stepper)).toEqual(['1: 4 1 2 0.1000', 'end: 4 0 5 0.0300']);
    await doing(stepper, prune(1));
    expect(texts(stepper)).toEqual(['end: 4 0 5 0.0300']);
    await expect(stepper.perform(next())).rejects.toMatchObject({ message: 'this search has ended' });
  });

  test('leaves something', async () => {
    const stepper = await doing(open(), next(), prune(0));
    await expect(stepper.perform(prune(1))).rejects.toMatchObject({ code: 'usage' });
    await expect(stepper.perform(prune(0))).rejects.toMatchObject({ hint: 'its beams are 1' });
  });
});

describe('fork', () => {
  test('is a line of its own for one beam, with the whole width; the other goes on as it would', async () => {
    const stepper = await doing(open(), next(), fork(1));
    expect([stepper.session.walk.line, texts(stepper)]).toEqual([1, ['0: 4 1 0.2500']]);
    await doing(stepper, next(1));
    expect(texts(stepper)).toEqual(['0: 4 1 2 0.1000', '1: 4 1 0 0.0750']);
    await doing(stepper, next(0));
    expect([stepper.session.walk.line, texts(stepper)]).toEqual([0, ['0: 4 0 1 0.1200', '1: 4 1 2 0.1000']]);
    const tree = sessionTree(stepper.session.walk);
    expect(tree.map(({ id, parent, line, token }) => [id, parent, line, token])).toEqual([
      [0, -1, 0, 4],
      [1, 0, 0, 0],
      [2, 0, 0, 1],
      [5, 1, 0, 1],
      [6, 2, 0, 2],
      [3, 2, 1, 2],
      [4, 2, 1, 0],
    ]);
  });

  test('from an earlier token, and from a finished caption before its end', async () => {
    const stepper = await doing(open(), next(), next(), fork(0, 2));
    expect(texts(stepper)).toEqual(['0: 4 0 0.3000']);
    await doing(stepper, force(0, 5, 1));
    expect(texts(stepper)).toEqual(['end: 4 0 5 0.0300']);
    await doing(stepper, fork(0, undefined, 1));
    expect([stepper.session.walk.line, texts(stepper)]).toEqual([2, ['0: 4 0 0.3000']]);
    await doing(stepper, fork(0, 1, 2));
    expect(texts(stepper)).toEqual(['0: 4 1.0000']);
  });

  test('of a search that has ended can go on', async () => {
    const stepper = open({ maxLength: 4 });
    await stepper.run();
    expect(texts(stepper)).toEqual(['end: 4 1 2 5 0.0500', 'end: 4 0 1 2 0.0480']);
    await doing(stepper, fork(0), next(1));
    expect(hypothesesOf(currentLine(stepper.session)).every(({ kind }) => kind === 'finished')).toBe(true);
  });

  test('starts every group of a diverse search, and every sample anew', async () => {
    const diverse = await doing(open({ groups: 2, diversity: 9 }), next(), fork(1));
    expect(texts(diverse)).toEqual(['0: 4 1 0.2500', '1: 4 1 0.2500']);
    await doing(diverse, next(1));
    expect(texts(diverse)).toEqual(['0: 4 1 2 0.1000', '1: 4 1 0 0.0750']);
    const samples = await doing(open({ strategy: 'sample', num: 2 }), next(), fork(0), fork(0));
    const streams = samples.session.walk.lines.flatMap(({ state }) =>
      state.groups.map(({ beams, finished }) => (beams[0] ?? finished[0])!.random),
    );
    expect(new Set(streams.map(String)).size).toBe(6);
  });

  test.each([
    [fork(2), 'there is no beam or caption 2'],
    [fork(0, 0), 'a fork starts from 1 to 2 ids'],
    [fork(0, 3), 'a fork starts from 1 to 2 ids'],
  ])('%j cannot be', async (action, message) => {
    const stepper = await doing(open(), next());
    await expect(stepper.perform(action)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

describe('set', () => {
  test('more and fewer beams, from the next step on', async () => {
    const stepper = await doing(open(), next(), set({ beams: 4 }));
    expect(texts(stepper)).toHaveLength(2);
    await doing(stepper, next());
    expect(texts(stepper).filter((line) => !line.startsWith('end'))).toHaveLength(4);
    await doing(stepper, set({ beams: 2 }), next());
    expect(texts(stepper).filter((line) => !line.startsWith('end'))).toHaveLength(2);
  });

  test('the length penalty scores everything anew', async () => {
    const stepper = await doing(open({ lengthPenalty: 0, num: 2 }), next(), force(0, 5), force(0, 5));
    const scores = () => results(currentLine(stepper.session).state).map(({ score }) => score.toFixed(3));
    const log = Math.log;
    const ends = [log(0.03), log(0.1 * 0.5)];
    expect(scores()).toEqual([ends[1]!, ends[0]!].map((sum) => sum.toFixed(3)));
    await doing(stepper, { type: 'undo' }, set({ lengthPenalty: 2 }));
    const { nodes, considered } = currentLine(stepper.session).state;
    expect(nodes.at(-1)!.score).toBeCloseTo(nodes.at(-1)!.sum / 4, 6);
    expect(considered[1]!.every(({ sum, score }) => sum === null || Math.abs(score! - sum / 4) < 1e-6)).toBe(true);
    expect(hypothesesOf(currentLine(stepper.session)).at(-1)!.score).toBeCloseTo(log(0.03) / 4, 6);
  });

  test('of one line is not of the others', async () => {
    const stepper = await doing(open(), next(), fork(0), set({ beams: 3 }, 1));
    expect(stepper.session.walk.lines.map(({ state }) => state.options.beams)).toEqual([2, 3]);
  });

  test.each([
    [{ strategy: 'greedy' }, 'strategy cannot be changed on the way'],
    [{ groups: 2 }, 'groups cannot be changed on the way'],
    [{ beams: 1 }, 'one beam would be another search'],
    [{ beams: 0 }, 'beams is 0'],
    [{ temperature: 2 }, 'temperature 2 means nothing to strategy beam'],
    [{ maxLength: 2 }, 'max length 2 leaves no room after the 2 ids there are'],
    [{ maxLength: 11 }, 'more than the 10 ids this model takes'],
    [{ __proto__: null, toString: 1 }, 'toString cannot be changed'],
  ])('%j cannot be', async (options, message) => {
    const stepper = await doing(open(), next());
    await expect(stepper.perform(set(options))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

describe('why a branch ended', () => {
  test('by score, by the end of the search, and of captions by better ones', async () => {
    const stepper = open({ maxLength: 4, earlyStopping: true });
    await doing(stepper, force(0, 2), force(0, 5));
    expect(texts(stepper)).toEqual(['end: 4 2 5 0.1000']);
    const two = await doing(open({ maxLength: 6, earlyStopping: true }), next(), force(0, 5), force(0, 5));
    // Two captions are there, so that the search ends; what ran is no caption.
    expect(texts(two)).toHaveLength(2);
    expect(whys(two).some((line) => line!.endsWith('ended'))).toBe(true);
    const three = await doing(open({ earlyStopping: 'never' }), next(), force(1, 5), force(0, 5), force(0, 5));
    expect(texts(three).filter((line) => line.startsWith('end'))).toHaveLength(2);
    expect(whys(three)).toContainEqual(expect.stringMatching(/^-\d:5 score$/));
  });

  test('by a rule that banned its likeliest continuation', async () => {
    const stepper = await doing(open({ minLength: 5 }), next(), force(0, 2), force(0, 2), next());
    expect(whys(stepper).some((line) => line!.endsWith('min-length'))).toBe(true);
  });
});

test('undo and redo have an end, and looking about is no action', async () => {
  const stepper = open();
  await expect(stepper.perform({ type: 'undo' })).rejects.toMatchObject({ message: 'there is nothing to undo' });
  await expect(stepper.perform({ type: 'redo' })).rejects.toMatchObject({ message: 'there is nothing to redo' });
  await doing(stepper, next(), { type: 'choose', at: 1 }, fork(1), { type: 'switch', line: 0 });
  expect(stepper.session.past).toHaveLength(2);
  await expect(stepper.perform({ type: 'choose', at: 2 })).rejects.toMatchObject({ code: 'usage' });
  await expect(stepper.perform({ type: 'switch', line: 2 })).rejects.toMatchObject({ hint: 'lines are 0 to 1' });
});

test('calls side by side take turns', async () => {
  const stepper = open();
  await Promise.all([next(), next(), next()].map((action) => stepper.perform(action)));
  expect(currentLine(stepper.session).state.step).toBe(3);
});

test('a run that is stopped keeps what it has', async () => {
  const stepper = open({ minLength: 7 });
  const controller = new AbortController();
  let steps = 0;
  const run = stepper.run({ onStep: () => ++steps === 2 && controller.abort(), signal: controller.signal });
  await expect(run).rejects.toMatchObject({ code: 'interrupted' });
  expect(currentLine(stepper.session).state.step).toBe(2);
});
