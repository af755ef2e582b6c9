import { type Command, defineCommand } from '../cli/command.js';
import { CocaError } from '../model/base/errors.js';
import { didYouMean } from '../model/base/names/suggest.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/**
 * Writes the completion of a shell, made from the definitions of the commands.
 * @param commands all of them, this one too
 */
export function completionOf(commands: () => Promise<readonly Command[]>): Command {
  return defineCommand({
    name: 'completion',
    summary: 'what makes Tab complete coca in bash, zsh or fish',
    details: [
      'bash, in ~/.bashrc: source <(coca completion bash)',
      'zsh, in ~/.zshrc after compinit: source <(coca completion zsh)',
      'fish, in ~/.config/fish/config.fish: coca completion fish | source',
      'Commands, options and their values are part of what is written: where each start of a shell should be quicker, write it into a file, and anew with each version of coca. Names of models are looked up when Tab is pressed.',
    ].join('\n'),
    args: [
      {
        name: 'SHELL',
        description: SHELLS.join(', '),
        kind: 'value',
        choices: SHELLS,
        required: true,
        variadic: false,
      },
    ],
    options: {},
    globals: [],
    examples: [
      { line: 'source <(coca completion bash)', does: 'in the bash that is running' },
      { line: 'coca completion zsh > ~/.zfunc/_coca', does: 'as a file of $fpath' },
    ],
    async run({ args }, { out }) {
      const shell = SHELLS.find((name) => name === args[0]);
      if (shell === undefined) {
        const hint = didYouMean(args[0]!, SHELLS) ?? `known are ${SHELLS.join(', ')}`;
        throw new CocaError('usage', `no completion for '${args[0]}'`, hint);
      }
      const [write, { vocabularyOf }] = await Promise.all([
        WRITERS[shell](),
        import('../cli/completion/vocabulary.js'),
      ]);
      await out.write(write(vocabularyOf(await commands())));
      return { done: 1, failed: 0 };
    },
  });
}

const WRITERS = {
  bash: async () => (await import('../cli/completion/bash.js')).bashCompletion,
  zsh: async () => (await import('../cli/completion/zsh.js')).zshCompletion,
  fish: async () => (await import('../cli/completion/fish.js')).fishCompletion,
} as const satisfies Record<Shell, unknown>;
