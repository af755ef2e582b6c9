import { type Command, defineCommand } from '../../cli/command.js';
import type { LoadOptions } from '../../model/store/load.js';
import { canShow } from '../../ui/view/streams.js';
import { FRESH_MODELS, MODEL_OPTIONS } from '../io/model.js';

/** The session over the program's other commands. */
export function replOver(programs: readonly Command[]): Command {
  return defineCommand({
    name: 'repl',
    summary: 'an interactive session: pictures, and any command on them, over a warm model',
    details: [
      'On a terminal: a picture is opened by its path alone, any command of the program works on it without "coca" before it, and help tells the rest. Every action shows the shell command it stands for; export writes them as a script.',
      'Without a terminal on stdin, lines are commands: results go to stdout, a line that fails is reported on stderr and makes the exit code 1 (2 when none succeeds). "coca" alone is the same.',
      'Lines are remembered in $COCA_HISTORY (empty: nowhere), else in the folder for state of the platform.',
    ].join('\n'),
    args: [{ name: 'IMAGE', description: 'to begin with', kind: 'image', required: false, variadic: false }],
    options: {},
    globals: [...MODEL_OPTIONS, 'seed', 'images', 'quiet', 'verbose'],
    examples: [
      { line: 'coca', does: 'a session' },
      { line: "printf 'open a.png\\nrank a dog | a cat\\n' | coca repl", does: 'the same for a program' },
    ],
    async run({ args, options, typed }, context) {
      const [{ ReplSession }, { sessionVerbs }] = await Promise.all([
        import('./session.js'),
        import('./verbs/verbs.js'),
      ]);
      // Whatever becomes of an engine, pictures and prompt stay.
      const load = (options: LoadOptions) => FRESH_MODELS.borrow({ ...options, isolated: true });
      const session = new ReplSession(programs, load, sessionVerbs);
      for (const name of typed) session.settings.set(name, String(options[name as keyof typeof options]));
      try {
        if (canShow(context.terminal, context.stdin)) {
          const { runInteractive } = await import('./interactive.js');
          return await runInteractive(session, args[0], context);
        }
        const { runScript } = await import('./script.js');
        const prompt = context.stdin.isTTY ? 'coca> ' : '';
        return await runScript(session, args[0], context, prompt);
      } finally {
        await session.close();
      }
    },
  });
}
