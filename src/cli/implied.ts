import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CocaError } from '../model/base/errors.js';
import { type Command, withVerb } from './command.js';
import { commandAt } from './command-word.js';
import { parseCommandLine, type Request } from './parse.js';

/**
 * Reads a command line in which the picture on stdin need not be named: `cat a.png | coca caption` is `coca caption -`.
 * @throws CocaError as `parseCommandLine`
 */
export async function readRequest(
  argv: readonly string[],
  commands: readonly Command[],
  stdin: Readable & { readonly isTTY?: boolean },
): Promise<Request> {
  let request: Request | CocaError;
  try {
    request = parseCommandLine(argv, commands);
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    request = error;
  }
  const named = withPicture(argv, commands, request);
  if (named !== undefined && stdin.isTTY !== true && (await hasInput(stdin))) return parseCommandLine(named, commands);
  if (request instanceof CocaError) throw request;
  return request;
}

/** The same command line with a picture on stdin; nothing where none is missing. */
function withPicture(
  argv: readonly string[],
  commands: readonly Command[],
  request: Request | CocaError,
): readonly string[] | undefined {
  const at = commandAt(argv);
  const command = commands.find(({ name }) => name === argv[at]);
  const image = command && withVerb(command, argv[at + 1]).args[0];
  // A session's picture is only to begin with, and its lines come from stdin.
  if (image?.kind !== 'image' || !(image.required || image.variadic || image.unless)) return undefined;
  const named = argv.toSpliced(at + 1, 0, '-');
  if (request instanceof CocaError) return request.code === 'usage' && isRead(named, commands) ? named : undefined;
  if (request.kind !== 'run') return undefined;
  const { args, typed } = request.invocation;
  // Where an option names the pictures, words are something else.
  if (image.unless?.some((option) => typed.has(option))) return undefined;
  const [first] = args;
  if (first !== undefined && (image.variadic || couldBeFile(first) || !isRead(named, commands))) return undefined;
  return named;
}

/** Whether a word that is to name a picture may do so: otherwise it is the text after it. */
const couldBeFile = (word: string): boolean => /[./\\:*?[{]|^-$/.test(word) || existsSync(word);

function isRead(argv: readonly string[], commands: readonly Command[]): boolean {
  try {
    parseCommandLine(argv, commands);
    return true;
  } catch {
    return false;
  }
}

/** Waits for the first bytes of a stream, or for its end without any. They stay in it. */
async function hasInput(stream: Readable): Promise<boolean> {
  if (stream.readableLength > 0) return true;
  const events = ['readable', 'end', 'error', 'close'] as const;
  await new Promise<void>((resolve) => {
    const done = () => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
  return stream.readableLength > 0;
}
