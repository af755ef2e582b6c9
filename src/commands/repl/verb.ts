import type { Command, Invocation, OptionSpecs, OptionValues, Outcome } from '../command.js';
import type { SessionContext } from './context.js';

type VerbInvocation<O extends OptionSpecs> = Omit<Invocation, 'options'> & { readonly options: OptionValues<O> };

/** A verb of a session: a command like the others, which is given the session's context. Without an outcome, it is done. */
export function defineVerb<const O extends OptionSpecs>(
  definition: Omit<Command, 'options' | 'globals' | 'examples' | 'run'> & {
    readonly options?: O;
    readonly run: (invocation: VerbInvocation<O>, context: SessionContext) => Promise<Outcome | undefined>;
  },
): Command {
  const { run, options = {}, ...rest } = definition;
  return {
    ...rest,
    options,
    globals: [],
    examples: [],
    // A session passes nothing less than its own context.
    run: async (invocation, context) =>
      (await run(invocation as VerbInvocation<O>, context as SessionContext)) ?? { done: 1, failed: 0 },
  };
}
