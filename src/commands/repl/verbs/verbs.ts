import type { Command } from '../../../cli/command.js';
import type { ReplSession } from '../session.js';
import { pictureVerbs } from './picture-verbs.js';
import { placeVerbs } from './place-verbs.js';
import { resultVerbs } from './result-verbs.js';
import { settingVerbs } from './setting-verbs.js';
import { defineVerb } from './verb.js';

/** The verbs that a session has besides the program's commands. */
export function sessionVerbs(session: ReplSession): readonly Command[] {
  const clear = defineVerb({
    name: 'clear',
    summary: 'clears the screen',
    args: [],
    async run(_, context) {
      context.clear();
      session.pictures.shown = undefined;
      return undefined;
    },
  });

  const quit = (name: string) =>
    defineVerb({
      name,
      summary: 'leaves; so does Ctrl-D',
      args: [],
      async run() {
        session.isOver = true;
        return undefined;
      },
    });

  return [
    ...pictureVerbs(session),
    ...placeVerbs(session),
    ...settingVerbs(session),
    ...resultVerbs(session),
    clear,
    quit('quit'),
    quit('exit'),
  ];
}
