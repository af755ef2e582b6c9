import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, results, searchTree } from '../../../src/model/decoding/index.js';
import {
  actionsOf,
  currentLine,
  formatSaved,
  hypothesesOf,
  parseSaved,
  type Session,
  sessionTree,
  type Walk,
} from '../../../src/model/stepper/index.js';
import { hashModel, SPECIAL } from '../decoding/hash-model.js';
import { begin, inputOf, models, searches, stepperOver, tryTo, walk, wishes } from './walks.js';

const RUNS = { numRuns: 60 };

/** A walk without where one looks. */
const stateOf = ({ lines, nextNode, nextLeaf }: Walk) => ({
  lines: lines.map(({ chosen: _, ...line }) => line),
  nextNode,
  nextLeaf,
});

describe('a session is a value', () => {
  test('undoing everything leads back to the start, doing it again to the end, and the model is asked nothing', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        const start = stepper.session;
        await walk(stepper, list);
        const end = stepper.session;
        const evaluated = stepper.evaluated;
        for (const _ of end.past) await stepper.perform({ type: 'undo' });
        expect(stepper.session.walk.lines[0]!.state).toEqual(start.walk.lines[0]!.state);
        expect(stateOf(stepper.session.walk)).toEqual(stateOf(start.walk));
        for (const _ of end.past) await stepper.perform({ type: 'redo' });
        expect(stepper.session).toEqual(end);
        expect(stepper.evaluated).toBe(evaluated);
      }),
      RUNS,
    );
  });

  test('one undo takes back any action, and one redo does it again', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        for (const wish of list) {
          const input = inputOf(stepper.session, wish);
          const { walk: before, past } = stepper.session;
          const isAction = !['undo', 'redo', 'choose', 'switch'].includes(input.type);
          if (!(await tryTo(stepper, input)) || !isAction) continue;
          const after = stepper.session;
          expect(after.future).toEqual([]);
          await stepper.perform({ type: 'undo' });
          expect(stepper.session.walk).toBe(before);
          expect(stepper.session.past).toEqual(past);
          await stepper.perform({ type: 'redo' });
          expect(stepper.session).toEqual(after);
        }
      }),
      RUNS,
    );
  });

  test('what was done, done again from a file, is the same session', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        await walk(stepper, list);
        const { options } = begin(given).walk.lines[0]!.state;
        const about = { image: 'a.png', sha256: '0', model: 'm', prompt: null, best: null };
        const text = formatSaved({ ...about, options, actions: actionsOf(stepper.session) });
        const saved = parseSaved(text, 'file');
        expect(saved.actions).toEqual(actionsOf(stepper.session));
        expect(formatSaved(saved)).toBe(text);
        const again = stepperOver(parameters, saved.options);
        for (const action of saved.actions) await again.perform(action);
        expect(stateOf(again.session.walk)).toEqual(stateOf(stepper.session.walk));
      }),
      RUNS,
    );
  });

  test('the reducer changes nothing that it is given', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        for (const wish of list) {
          const before = deepFreeze(stepper.session);
          await tryTo(stepper, inputOf(before, wish));
        }
      }),
      RUNS,
    );
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

describe('a walk without interventions', () => {
  test('is the search: the same states, tree and captions, whatever one looks at and undoes on the way', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, fc.array(fc.nat(9)), async (parameters, given, looks) => {
        const prompt = [SPECIAL.sot, 7];
        const options = { ...given, maxLength: given.maxLength! + 1 };
        const start = begin(options, prompt).walk.lines[0]!.state;
        const [end] = await decode(hashModel(parameters), [start]);
        const stepper = stepperOver(parameters, options, prompt);
        for (const look of looks) {
          await stepper.preview();
          const wish = (['next', 'next', 'choose', 'undo', 'redo'] as const)[look % 5]!;
          await tryTo(stepper, inputOf(stepper.session, { type: wish, a: look, b: 0 }));
        }
        const { state } = currentLine(await stepper.run());
        expect(state).toEqual(end);
        expect(results(state)).toEqual(results(end!));
        expect(sessionTree(stepper.session.walk)).toMatchObject(searchTree(end!));
      }),
      RUNS,
    );
  });

  test('asks the model once for each step', async () => {
    const model = hashModel({ seed: 5, window: 100, eot_bias: 0 });
    const [end] = await decode(model, [begin({ maxLength: 12 }).walk.lines[0]!.state]);
    const stepper = stepperOver({ seed: 5, window: 100, eot_bias: 0 }, { maxLength: 12 });
    let steps = 0;
    await stepper.run({ onStep: () => steps++ });
    expect([steps, stepper.evaluated]).toEqual([end!.step, end!.nextNode]);
  });

  test('sees before each step what the step will weigh', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, async (parameters, given) => {
        const stepper = stepperOver(parameters, given);
        for (let step = 0; ; step++) {
          const preview = await stepper.preview();
          if (preview.length === 0) break;
          const { state } = currentLine(await stepper.perform({ type: 'next', line: 0 }));
          expect(state.considered[step]).toEqual(preview);
        }
        expect(stepper.session.walk.lines[0]!.state.groups.every(({ done }) => done)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

describe('any walk', () => {
  test('has one tree: nodes by one number each, after their parents, and what lives is where it should be', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        await walk(stepper, list);
        expectOneTree(stepper.session);
      }),
      RUNS,
    );
  });

  test('keeps every line to its lengths, and beams to their numbers', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        await walk(stepper, list);
        for (const line of stepper.session.walk.lines) {
          const { options } = line.state;
          const all = hypothesesOf(line);
          expect(all.length).toBeGreaterThan(0);
          expect(line.chosen).toBeLessThan(all.length);
          const numbers = all.flatMap((one) => (one.kind === 'live' ? [one.number] : []));
          expect(new Set(numbers).size).toBe(numbers.length);
          for (const { text } of all) {
            expect(text.ids.length).toBeLessThanOrEqual(options.maxLength);
            expect(text.tokens.map(({ id }) => id)).toEqual(text.ids.slice(1));
            expect(text.path.length).toBe(text.ids.length);
          }
        }
      }),
      RUNS,
    );
  });
});

function expectOneTree({ walk: { lines, nextNode } }: Session): void {
  const nodes = sessionTree({ lines });
  const seen = new Map<number, (typeof nodes)[number]>();
  for (const node of nodes) {
    expect(seen.has(node.id)).toBe(false);
    const parent = seen.get(node.parent);
    if (node.parent === -1) expect(node.id).toBe(0);
    else if (node.step > 0) expect(parent!.step).toBe(node.step - 1);
    if (node.state !== 'pruned' && parent) expect(parent.state).toBe('live');
    expect(node.why !== undefined).toBe(node.state === 'pruned' && !nodes.some(({ parent: own }) => own === node.id));
    expect(node.id).toBeLessThan(nextNode);
    seen.set(node.id, node);
  }
  for (const { state } of lines) {
    for (const { beams, finished } of state.groups) {
      for (const { path } of beams) for (const node of path) expect(seen.get(node)!.state).toBe('live');
      for (const { path } of finished) expect(seen.get(path.at(-1)!)!.state).toBe('finished');
    }
  }
}
