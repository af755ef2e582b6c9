import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Failure } from '../../cli/answers.js';
import type { Command, CommandContext, Invocation, Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { encodeName } from '../../model/base/file-names.js';
import { fileError } from '../../model/base/regular-file.js';
import { checkWritable } from '../../model/base/whole-file.js';
import { SNIFFED_BYTES, sniffImage } from '../../model/image/sniff.js';
import { isUrl } from '../../model/net/address.js';
import { writeFindings } from './define-results.js';
import { readStart } from './files.js';
import { failure, formatOf, objectWriter } from './results.js';
import { type ImageSources, imageNames, readImage } from './sources.js';

/**
 * Runs a command once its inputs have been looked at. A model of a gigabyte is not loaded for a picture that is not there:
 * what the definitions say of arguments and options tells which words name files.
 * @throws CocaError as `checkFiles` and `checkTexts`; what the command throws
 */
export async function runChecked(command: Command, invocation: Invocation, context: CommandContext): Promise<Outcome> {
  await checkTexts(command, invocation);
  await checkFiles(command, invocation);
  return (await unreadableOutcome(command, invocation, context)) ?? command.run(invocation, context);
}

interface Words {
  readonly images: readonly string[];
  readonly texts: readonly string[];
}

/** The words after a command's name that name pictures, and those that are texts. */
function wordsOf({ args: specs }: Command, { args, typed }: Invocation): Words {
  const image = specs[0]?.kind === 'image' ? specs[0] : undefined;
  const hasText = specs.some(({ kind }) => kind === 'text');
  if (image?.variadic) return { images: args, texts: [] };
  // With an option in its place, the words that are left are texts.
  const isReplaced = hasText && image?.unless?.some((name) => typed.has(name)) === true;
  const pictures = specs.findIndex(({ kind }) => kind !== 'image');
  const count = isReplaced ? 0 : pictures < 0 ? specs.length : pictures;
  return { images: args.slice(0, count), texts: hasText ? args.slice(count) : [] };
}

/** All values of the options of a kind. */
function valuesOf({ options: specs }: Command, { options }: Invocation, kind: 'image' | 'text'): readonly string[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    // One picture by itself is no input of many: its option says that it is to be read.
    if (!('kind' in spec) || spec.kind !== kind || (kind === 'image' && spec.type !== 'list')) return [];
    return (options[name] as readonly string[] | string | undefined) ?? [];
  });
}

/** @throws CocaError `usage` for texts that are names of pictures: one was meant, and its name would be read as words */
async function checkTexts(command: Command, invocation: Invocation): Promise<void> {
  for (const text of [...wordsOf(command, invocation).texts, ...valuesOf(command, invocation, 'text')]) {
    if (isPicture(text) || (await isVideo(text))) throw pictureAsText(text, command);
  }
}

/** The error for the name of a picture, or a video, where a command takes a text. */
export function pictureAsText(name: string, { name: verb, args, options }: Command): CocaError {
  const hint =
    'image' in options
      ? `name each picture with --image: ${verb} --image A.png --image B.png ...`
      : args.some(({ kind, variadic }) => kind === 'image' && variadic)
        ? 'pictures stand before the options'
        : `${verb} takes one picture; what stands after it is a text`;
  return new CocaError('usage', `${name} is a picture, and stands where a text is meant`, hint);
}

/** Whether a file of that name is there and begins as a picture does. */
export function isPicture(name: string): boolean {
  const start = readStart(name, SNIFFED_BYTES);
  return start !== undefined && sniffImage(start) !== undefined;
}

/** Whether a file of that name is there and begins as a video does. */
async function isVideo(name: string): Promise<boolean> {
  const start = readStart(name, SNIFFED_BYTES);
  if (start === undefined) return false;
  const { videoKind } = await import('../../model/video/kinds.js');
  return videoKind(start) !== undefined;
}

/**
 * Looks at the files that options name: those to be read are there, lists are no pictures, those to be written can be.
 * @throws CocaError `not-found`, `unreadable`, `usage`, `write-failed`
 */
async function checkFiles({ options: specs }: Command, { options }: Invocation): Promise<void> {
  for (const [name, spec] of Object.entries(specs)) {
    if (!('access' in spec) || spec.access === undefined) continue;
    const named = [(options[name] as readonly string[] | string | undefined) ?? []].flat();
    for (const path of named) await ACCESS[spec.access](path);
  }
}

/**
 * Looks whether a picture that is named elsewhere than among arguments and options is there; one on the web is left to its reader.
 * @throws CocaError `not-found`, `unreadable`
 */
export async function checkPicture(name: string): Promise<void> {
  if (!isUrl(name)) await ACCESS.read(name);
}

const ACCESS = {
  async read(path: string): Promise<void> {
    if (path === '-') return;
    await stat(encodeName(path)).catch((error: NodeJS.ErrnoException) => {
      throw fileError(path, error);
    });
  },
  async list(path: string): Promise<void> {
    await ACCESS.read(path);
    if (path === '-' || !isPicture(path)) return;
    throw new CocaError('usage', `${path} is a picture, and stands where a list is meant`, 'a list is a text file');
  },
  async write(path: string): Promise<void> {
    if (path === '-') {
      throw new CocaError('usage', 'this is written to a file, and - is none', './- is a file of that name');
    }
    if (isPicture(path)) {
      throw new CocaError(
        'usage',
        `${path} is a picture, and would be replaced by what is written`,
        'name another file',
      );
    }
    await checkWritable(path);
  },
} as const;

/**
 * Where none of the pictures that were named can be read, says so of each, as the command would after it has its model.
 * A list that can be read only once is left to the command.
 * @returns nothing where there is something to do for the command
 */
async function unreadableOutcome(
  command: Command,
  invocation: Invocation,
  context: CommandContext,
): Promise<Outcome | undefined> {
  const { files = [], files0 = [], column, json = false, jsonl = false } = invocation.options as Record<string, never>;
  const sources: ImageSources = {
    images: [...wordsOf(command, invocation).images, ...valuesOf(command, invocation, 'image')],
    files,
    files0,
    column,
  };
  const takesClips = 'frames' in command.options;
  return hasOtherInputs(command, invocation)
    ? undefined
    : failUnreadable(sources, { json, jsonl }, context, takesClips);
}

/** Options that stand for pictures or say which results are there already. */
function hasOtherInputs({ args, options }: Command, { typed }: Invocation): boolean {
  const others = (args[0]?.unless ?? []).filter((name) => {
    const spec = options[name];
    return spec !== undefined && !(spec.type === 'list' && (spec.access === 'list' || spec.kind === 'image'));
  });
  return [...others, 'resume', 'writeTxt'].some((name) => typed.has(name));
}

/** @see unreadableOutcome */
export async function failUnreadable(
  sources: ImageSources,
  form: { readonly json: boolean; readonly jsonl: boolean },
  context: CommandContext,
  takesClips = false,
): Promise<Outcome | undefined> {
  for (const list of [...sources.files, ...sources.files0]) if (!(await isRegular(list))) return undefined;
  const failures: Failure[] = [];
  for await (const name of imageNames(sources, Readable.from([]))) {
    if (name === '-' || isUrl(name)) return undefined;
    // One that begins as a picture is read when its turn comes, and not twice.
    if (isPicture(name) || (takesClips && (await isVideo(name)))) return undefined;
    const input = await readImage(name, context);
    if ('bytes' in input) return undefined;
    failures.push(failure(name, input.error));
  }
  if (failures.length === 0) return undefined;
  const format = formatOf(form, context);
  const objects = format === 'json' || format === 'jsonl' ? objectWriter(context.out, format) : undefined;
  return writeFindings(failures, { objects, result: async () => undefined }, context);
}

async function isRegular(path: string): Promise<boolean> {
  if (path === '-') return false;
  return stat(encodeName(path)).then(
    (found) => found.isFile(),
    () => false,
  );
}
