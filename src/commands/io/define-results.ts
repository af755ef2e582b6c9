import type { Answer, Format, ResultWriter } from '../../cli/answers.js';
import type {
  Command,
  CommandContext,
  GlobalName,
  GlobalValues,
  OptionSpecs,
  Outcome,
  TypedInvocation,
} from '../../cli/command.js';
import { formatOf, Tally } from './results.js';

/**
 * What a command finds, as it finds it. `ready`: from here on there is an output, which is whole whatever happens.
 * `picture`: its result follows, and a person may look at it meanwhile.
 */
export type Finding<R, P = never> =
  | Answer<R>
  | { readonly kind: 'ready' }
  | { readonly kind: 'picture'; readonly item: P };

type Typed<O extends OptionSpecs, G extends GlobalName> = TypedInvocation<O, G | 'json' | 'jsonl'>;

/**
 * Defines a command whose results are values: `find` computes them and knows no form, `writer` prints them and computes
 * nothing. So a session can keep results, and print them once more in another form.
 */
export function defineResults<const O extends OptionSpecs, const G extends GlobalName, R, P = never>(
  definition: Omit<Command, 'options' | 'globals' | 'check' | 'run' | 'writer'> & {
    readonly options: O;
    readonly globals: readonly (G | 'json' | 'jsonl')[];
    readonly check?: (invocation: Typed<O, G>) => Promise<void>;
    readonly find: (invocation: Typed<O, G>, context: CommandContext) => AsyncIterable<Finding<R, P>>;
    readonly writer: (format: Format, invocation: Typed<O, G>, context: CommandContext) => Promise<ResultWriter<R, P>>;
  },
): Command {
  const { find, ...command } = definition;
  const run = async (invocation: Typed<O, G>, context: CommandContext): Promise<Outcome> => {
    const { json, jsonl } = invocation.options as GlobalValues<'json' | 'jsonl'>;
    const writer = await definition.writer(formatOf({ json, jsonl }, context), invocation, context);
    return writeFindings(find(invocation, context), writer, context);
  };
  // The parser fills in every declared option, so the narrower type holds for what it passes.
  return { ...command, run } as unknown as Command;
}

/** Prints findings as they come, counts them, and tells the context of them. */
export async function writeFindings<R, P>(
  findings: AsyncIterable<Finding<R, P>> | Iterable<Finding<R, P>>,
  writer: ResultWriter<R, P>,
  context: Pick<CommandContext, 'complain' | 'onAnswer'>,
): Promise<Outcome> {
  const tally = new Tally(context, writer.objects);
  let isReady = false;
  try {
    for await (const finding of findings) {
      isReady = true;
      if (finding.kind === 'picture') await writer.begin?.(finding.item);
      else if (finding.kind === 'failure') await tally.fail(finding.name, finding.error, finding.key);
      else if (finding.kind === 'result') {
        await writer.result(finding.result);
        context.onAnswer(finding);
        tally.succeed();
      }
    }
    isReady = true;
    await writer.finish?.();
  } finally {
    if (isReady) await writer.objects?.end();
  }
  return tally.outcome();
}
