import { type Command, kebab } from '../../../cli/command.js';
import { visible, whatRuns } from '../../../ui/text.js';
import { ABLATION_OPTIONS } from '../../io/inside/ablation.js';
import { MODEL_OPTIONS } from '../../io/model.js';
import type { ReplSession } from '../session.js';
import { defineVerb } from './verb.js';

/** Verbs about what all commands of a session take. */
export function settingVerbs(session: ReplSession): readonly Command[] {
  const { pictures, settings } = session;
  // With another value of these, other captions would be said.
  const hearModel = (isNew = false) =>
    pictures.hear(
      [...MODEL_OPTIONS, ...Object.keys(ABLATION_OPTIONS)]
        .map((name) => settings.get(kebab(name)) ?? '')
        .join('\n')
        .trim(),
      isNew,
    );

  const set = defineVerb({
    name: 'set',
    summary: 'sets an option for all commands that take it; alone, tells what is set',
    args: [
      { name: 'OPTION', description: 'its name, as "beams"', kind: 'option', required: false, variadic: false },
      { name: 'VALUE', description: 'its value; flags are on or off', kind: 'value', required: false, variadic: false },
    ],
    async run({ args: [name, value] }, context) {
      if (name === undefined) {
        for (const [set, to] of settings.entries()) await context.out.line(`${set} ${visible(to)}`);
        if (settings.entries().length === 0) context.notice('nothing is set');
        return undefined;
      }
      const known = name.replace(/^--/, '');
      settings.set(name, known === 'model' && value !== undefined ? await spelledModel(value) : value);
      hearModel();
      context.notice(`${known} is ${visible(settings.get(known)!)} from now on`);
      return undefined;
    },
  });

  const unset = defineVerb({
    name: 'unset',
    summary: 'makes an option what it is by default',
    args: [{ name: 'OPTION', description: 'its name', kind: 'option', required: true, variadic: false }],
    async run({ args: [name] }, context) {
      settings.unset(name!);
      hearModel();
      context.notice(`${name!.replace(/^--/, '')} is what it is by default`);
      return undefined;
    },
  });

  const model = defineVerb({
    name: 'model',
    summary: 'loads another model, or the same one anew; alone, tells which is loaded',
    args: [{ name: 'MODEL', description: 'as --model takes it', kind: 'model', required: false, variadic: false }],
    async run({ args: [typed] }, context) {
      if (typed === undefined) {
        await session.withModel(context, (coca) => context.out.line(whatRuns(coca)));
        return undefined;
      }
      const name = await spelledModel(typed);
      const before = settings.get('model');
      settings.set('model', name);
      try {
        await session.dropModel();
        await session.withModel(context, (coca) => context.out.line(whatRuns(coca)));
      } catch (error) {
        if (before === undefined) settings.unset('model');
        else settings.set('model', before);
        throw error;
      }
      hearModel(before === name);
      return undefined;
    },
  });

  return [set, unset, model];
}

/**
 * A model as it is spelled.
 * @throws CocaError as `locateModel` for one that is not here
 */
async function spelledModel(named: string): Promise<string> {
  const { chosenModel, locateModel } = await import('../../../model/store/locate.js');
  await locateModel(named);
  return (await chosenModel(named)).model;
}
