import type { Failure, Format, InputKind, ObjectWriter, ResultWriter } from '../../cli/answers.js';
import type { CommandContext, Outcome } from '../../cli/command.js';
import type { Output } from '../../cli/output.js';
import { CocaError } from '../../model/base/errors.js';
import { safeJson } from '../../ui/text.js';
import { errorLine, errorObject } from './sources.js';

/** How results are to be written. */
export function formatOf(
  options: { readonly json: boolean; readonly jsonl: boolean },
  context: CommandContext,
): Format {
  if (options.json) return 'json';
  if (options.jsonl) return 'jsonl';
  return context.terminal.interactive ? 'terminal' : 'plain';
}

/** One JSON array (one element a line), or one object a line. */
export function objectWriter(out: Output, format: 'json' | 'jsonl'): ObjectWriter {
  if (format === 'jsonl') return { write: (object) => out.line(safeJson(object)), end: async () => undefined };
  let count = 0;
  return {
    write: (object) => out.write(`${count++ === 0 ? '[\n' : ',\n'}${safeJson(object)}`),
    end: () => out.write(count === 0 ? '[]\n' : '\n]\n'),
  };
}

/** A writer of results as objects. */
export function jsonWriter<R>(
  out: Output,
  format: 'json' | 'jsonl',
  objectOf: (result: R) => object,
): ResultWriter<R, unknown> {
  const objects = objectWriter(out, format);
  return { objects, result: (result) => objects.write(objectOf(result)) };
}

/** Prints nothing: the results go into a file. */
export const SILENT_WRITER: ResultWriter = { objects: undefined, result: async () => undefined };

/** The error of one input of many. Anything but a `CocaError` is a mistake in the program, and is thrown on. */
export function toItemError(error: unknown): CocaError {
  if (error instanceof CocaError) return error;
  throw error;
}

/** Objects that are all there. */
export async function writeObjects(out: Output, format: 'json' | 'jsonl', objects: readonly object[]): Promise<void> {
  const writer = objectWriter(out, format);
  for (const object of objects) await writer.write(object);
  await writer.end();
}

/** Writes the one result of a command. */
export async function writeOne(
  { json, jsonl }: { readonly json: boolean; readonly jsonl: boolean },
  { out }: CommandContext,
  result: object,
  lines: readonly string[],
): Promise<void> {
  if (json || jsonl) return out.line(safeJson(json ? [result] : result));
  for (const line of lines) await out.line(line);
}

/** The answer about an input that has no result. */
export function failure(name: string, error: CocaError, key: InputKind = 'image'): Failure {
  return { kind: 'failure', name, error, key };
}

/** Counts inputs and reports the failed ones: a line on stderr and, in JSON, an object in its place. */
export class Tally {
  #done = 0;
  #failed = 0;

  constructor(
    private readonly context: Pick<CommandContext, 'complain' | 'onAnswer'>,
    private readonly objects: ObjectWriter | undefined,
  ) {}

  succeed(): void {
    this.#done++;
  }

  /** Counts what an earlier run has answered. */
  add({ done, failed }: Outcome): void {
    this.#done += done;
    this.#failed += failed;
  }

  /** An input whose result is out, but not all that belongs to it: a line on stderr. */
  failBeside(name: string, error: CocaError): void {
    this.#failed++;
    this.context.complain(errorLine(name, error));
  }

  /** @param key which kind of input failed: what its object calls it. */
  async fail(name: string, error: CocaError, key: InputKind = 'image'): Promise<void> {
    this.#failed++;
    this.context.complain(errorLine(name, error));
    await this.objects?.write(errorObject(name, error, key));
    this.context.onAnswer(failure(name, error, key));
  }

  get finished(): number {
    return this.#done + this.#failed;
  }

  outcome(): Outcome {
    return { done: this.#done, failed: this.#failed };
  }
}
