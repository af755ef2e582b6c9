import type {
  Command,
  GlobalName,
  GlobalValues,
  Invocation,
  OptionSpecs,
  OptionValues,
  Outcome,
} from '../../../cli/command.js';
import type { SessionContext } from '../context.js';

type VerbInvocation<O extends OptionSpecs, G extends GlobalName> = Omit<Invocation, 'options'> & {
  readonly options: OptionValues<O> & GlobalValues<G>;
};

/** A verb of a session: a command like the others, which is given the session's context. Without an outcome, it is done. */
export function defineVerb<const O extends OptionSpecs, const G extends GlobalName = never>(
  definition: Omit<Command, 'options' | 'globals' | 'examples' | 'run'> & {
    readonly options?: O;
    readonly globals?: readonly G[];
    readonly run: (invocation: VerbInvocation<O, G>, context: SessionContext) => Promise<Outcome | undefined>;
  },
): Command {
  const { run, options = {}, globals = [], ...rest } = definition;
  return {
    ...rest,
    options,
    globals,
    examples: [],
    // A session passes nothing less than its own context.
    run: async (invocation, context) =>
      (await run(invocation as unknown as VerbInvocation<O, G>, context as SessionContext)) ?? { done: 1, failed: 0 },
  };
}
