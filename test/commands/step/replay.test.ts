import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { performScript } from '../../../src/commands/step/perform.js';
import { scriptOf } from '../../../src/commands/step/replay.js';
import { parseScript } from '../../../src/commands/step/script.js';
import { actionsOf, type Stepper, sessionTree } from '../../../src/model/stepper/index.js';
import type { Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { models, searches, stepperOver, walk, wishes } from '../../model/stepper/walks.js';

/** Scripts name ids, so nothing is encoded. */
const TOKENIZER = {} as Tokenizer;
const perform = (stepper: Stepper, script: string) =>
  performScript(stepper, parseScript(script), TOKENIZER, new AbortController().signal);

describe('a walk as a script', () => {
  test('gives the same tree and ends on the same line', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, async (parameters, given, list) => {
        const stepper = stepperOver(parameters, given);
        await walk(stepper, list);
        const again = stepperOver(parameters, given);
        await perform(again, scriptOf(stepper.session, []));
        expect(actionsOf(again.session)).toEqual(actionsOf(stepper.session));
        expect(sessionTree(again.session.walk)).toEqual(sessionTree(stepper.session.walk));
        expect(again.session.walk.line).toBe(stepper.session.walk.line);
      }),
      { numRuns: 60 },
    );
  });

  test('goes on from what was loaded, also where some of that was undone', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, wishes, wishes, async (parameters, given, first, second) => {
        const stepper = stepperOver(parameters, given);
        await walk(stepper, first);
        const loaded = actionsOf(stepper.session);
        await walk(stepper, second);
        const again = stepperOver(parameters, given);
        for (const action of loaded) await again.perform(action);
        await perform(again, scriptOf(stepper.session, loaded));
        expect(sessionTree(again.session.walk)).toEqual(sessionTree(stepper.session.walk));
        expect(again.session.walk.line).toBe(stepper.session.walk.line);
      }),
      { numRuns: 60 },
    );
  });

  test('reads as one would type it', async () => {
    const stepper = stepperOver({ seed: 1, window: 2, eot_bias: 0 }, { beams: 3, maxLength: 12 });
    await perform(stepper, 'next,next,force:=7,set:min-length=2 length-penalty=0.5,fork:0@1,next,line:0,prune:1');
    expect(scriptOf(stepper.session, [])).toMatch(
      /^next:2,choose:\d,force:=7,set:min-length=2 length-penalty=0\.5,fork:0@1,next,line:0,prune:1$/,
    );
    expect(scriptOf(stepper.session, actionsOf(stepper.session).slice(0, 2))).toMatch(/^line:0,choose:\d,force:=7,/);
  });
});
