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
import type { CocaError } from '../../model/base/errors.js';
import type { PageDefinition } from './page/page.js';
import { progress } from './progress.js';
import { formatOf, Tally, toItemError } from './results.js';

/** An input whose result is out, but not all that belongs to it. */
export interface Incomplete {
  readonly kind: 'incomplete';
  readonly name: string;
  readonly error: CocaError;
}

/** What a command finds, as it finds it. */
export type Finding<R, P = never> =
  | Answer<R>
  /** `complete` makes what else belongs to the result, once that is out. */
  | { readonly kind: 'result'; readonly result: R; readonly complete: () => Promise<Incomplete | undefined> }
  | Incomplete
  /**
   * From here on there is an output, which is whole whatever happens.
   * `count`: how many inputs there are in all, where that is known; progress is shown by it.
   */
  | { readonly kind: 'ready'; readonly count?: () => number | undefined }
  /** Its result follows, and a person may look at it meanwhile. */
  | { readonly kind: 'picture'; readonly item: P }
  /** Inputs that need no answer: an earlier run has given it. */
  | (Outcome & { readonly kind: 'answered' })
  /** What a person would miss otherwise, to be said when all is out. */
  | { readonly kind: 'notice'; readonly text: string };

/** Does what belongs to a result besides itself; that it could not be done is a value. */
export async function orIncomplete(name: string, work: () => Promise<void>): Promise<Incomplete | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { kind: 'incomplete', name, error: toItemError(error) };
  }
}

type Typed<O extends OptionSpecs, G extends GlobalName> = TypedInvocation<O, G | 'json' | 'jsonl'>;

/**
 * Defines a command whose results are values: `find` computes them and knows no form, `writer` prints them and computes
 * nothing. So a session can keep results, and print them once more in another form.
 */
export function defineResults<const O extends OptionSpecs, const G extends GlobalName, R, P = never>(
  definition: Omit<Command, 'options' | 'globals' | 'check' | 'run' | 'writer' | 'page'> & {
    readonly options: O;
    readonly globals: readonly (G | 'json' | 'jsonl')[];
    readonly check?: (invocation: Typed<O, G>) => Promise<void>;
    readonly find: (invocation: Typed<O, G>, context: CommandContext) => AsyncIterable<Finding<R, P>>;
    readonly writer: (format: Format, invocation: Typed<O, G>, context: CommandContext) => Promise<ResultWriter<R, P>>;
    /** Of a command with `PAGE_OPTION`. */
    readonly page?: PageDefinition<R>;
  },
): Command {
  const { find, page, ...command } = definition;
  const run = async (invocation: Typed<O, G>, context: CommandContext): Promise<Outcome> => {
    const { json, jsonl, html } = invocation.options as GlobalValues<'json' | 'jsonl'> & { readonly html?: string };
    const writer = await definition.writer(formatOf({ json, jsonl }, context), invocation, context);
    if (page === undefined || html === undefined) return writeFindings(find(invocation, context), writer, context);
    const { withPage } = await import('./page/page.js');
    return writeFindings(find(invocation, context), withPage(writer, html, page, context), context);
  };
  const pageText = page && (async (results: readonly R[]) => (await import('./page/page.js')).pageOf(page, results));
  // The parser fills in every declared option, so the narrower type holds for what it passes.
  return { ...command, run, page: pageText } as unknown as Command;
}

/** Prints findings as they come, counts them, and tells the context of them. */
export async function writeFindings<R, P>(
  findings: AsyncIterable<Finding<R, P>> | Iterable<Finding<R, P>>,
  writer: ResultWriter<R, P>,
  context: Pick<CommandContext, 'complain' | 'notice' | 'onAnswer' | 'status'>,
): Promise<Outcome> {
  const tally = new Tally(context, writer.objects);
  const notices: string[] = [];
  let showProgress: ReturnType<typeof progress> | undefined;
  const write = async (finding: Finding<R, P>): Promise<void> => {
    switch (finding.kind) {
      case 'ready':
        showProgress = finding.count && progress(context, finding.count, tally.finished);
        return;
      case 'picture':
        return writer.begin?.(finding.item);
      case 'notice':
        notices.push(finding.text);
        return;
      case 'answered':
        return tally.add(finding);
      case 'incomplete':
        return tally.failBeside(finding.name, finding.error);
      case 'failure':
        await tally.fail(finding.name, finding.error, finding.key);
        break;
      case 'result': {
        const { kind, result } = finding;
        await writer.result(result);
        context.onAnswer({ kind, result });
        const incomplete = 'complete' in finding ? await finding.complete() : undefined;
        if (incomplete) tally.failBeside(incomplete.name, incomplete.error);
        else tally.succeed();
      }
    }
    showProgress?.(tally.finished);
  };
  let isReady = false;
  try {
    for await (const finding of findings) {
      isReady = true;
      await write(finding);
    }
    isReady = true;
    await writer.finish?.();
  } finally {
    if (isReady) await writer.objects?.end();
  }
  for (const text of notices) context.notice(text);
  return tally.outcome();
}
