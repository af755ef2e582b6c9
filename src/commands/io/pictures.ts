import type { Failure } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { grouped, mapAhead } from '../../model/base/pipeline.js';
import type { PictureDecoder } from '../../model/data/picture-decoder.js';
import { Budget } from '../../model/image/budget.js';
import { looksLikePhotograph } from '../../model/image/flatness.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { clipOf, type Frame } from '../../model/video/clip.js';
import type { FrameFile } from '../../model/video/film.js';
import type { ClipChoice } from './clips/clips.js';
import type { Finding } from './define-results.js';
import { failure, toItemError } from './results.js';
import { imageNames, readImage } from './sources.js';

/** A named picture as the model sees it. */
export interface ReadablePicture {
  readonly name: string;
  readonly picture: Picture;
}

/** How pictures are opened: with what threads, and whether clips are taken, too. */
export interface OpenHow {
  readonly decoder?: PictureDecoder;
  readonly clips?: ClipChoice | undefined;
}

/** A picture with its file; of a clip, with all that were taken for its frames. */
export type OpenedPicture = ReadablePicture & {
  readonly bytes: Uint8Array;
  readonly frames?: readonly FrameFile[];
};

/**
 * Reads and decodes one named picture, or clip, as the model sees it and as its file has it; a failure is a value.
 * @throws CocaError `interrupted`
 */
export async function openPicture(
  name: string,
  coca: LoadedCoca,
  context: CommandContext,
  { decoder, clips }: OpenHow = {},
): Promise<OpenedPicture | Failure> {
  try {
    const finder = clips && (await import('./clips/frames.js'));
    const named = finder && (await finder.namedFrames(name, clips, context));
    const input = named ? undefined : await readImage(name, context);
    if (input && 'error' in input) return failure(name, input.error);
    const frames = named ?? (finder && (await finder.movingFrames(name, input!.bytes, clips, context)));
    if (frames && coca.decode) {
      throw new CocaError(
        'usage',
        `${name} is a clip, which no server is asked about`,
        'with --frames it is looked at here',
      );
    }
    const decodeOne = (bytes: Uint8Array) => decode(bytes, coca, decoder);
    const picture = frames ? await clipFrom(frames, decodeOne) : await decodeOne(input!.bytes);
    noticePhotographs(picture, coca, context);
    return { name, picture, bytes: frames ? frames[0]!.bytes : input!.bytes, ...(frames && { frames }) };
  } catch (error) {
    stopIfAborted(context.signal);
    return failure(name, toItemError(error));
  }
}

async function decode(bytes: Uint8Array, coca: LoadedCoca, decoder: PictureDecoder | undefined): Promise<Picture> {
  if (coca.decode) return coca.decode(bytes);
  if (decoder) return decoder.decode(bytes, coca.preprocess);
  const { loadPicture } = await import('../../model/image/load-picture.js');
  return loadPicture(bytes, coca.preprocess);
}

async function clipFrom(
  files: readonly FrameFile[],
  decodeOne: (bytes: Uint8Array) => Promise<Picture>,
): Promise<Picture> {
  const frames: Frame[] = [];
  for (const { index, time, bytes } of files) frames.push({ index, time, picture: await decodeOne(bytes) });
  return clipOf(frames);
}

/** Configs of models of which this was said, ablated or not: a session keeps them, and says it once. */
const told = new WeakSet<LoadedCoca['config']>();

/** Says what the bundled model knows, to those who did not choose it and give it something else. */
function noticePhotographs(picture: Picture, coca: LoadedCoca, context: CommandContext): void {
  if (coca.chosenBy !== 'default' || told.has(coca.config) || !looksLikePhotograph(picture)) return;
  told.add(coca.config);
  context.notice(
    'the bundled model knows pictures composed of emoji and nothing of photographs; ' +
      'for those: coca models pull coca_ViT-B-32, or --model FOLDER (an OpenCLIP CoCa checkpoint)',
  );
}

/** How many pictures are read and decoded side by side: more would only wait, with their files in memory. */
const AT_ONCE = 8;

/**
 * Pictures in the order of their names, read and decoded ahead of the model, in threads of their own where there are many.
 * @param ahead how many are held ready, at least
 */
export function pictures(
  names: AsyncGenerator<string>,
  coca: LoadedCoca,
  context: CommandContext,
  ahead: number,
  clips?: ClipChoice,
): AsyncGenerator<ReadablePicture | Failure> {
  return picturesWith(names, coca, context, ahead, () => ({}), clips);
}

/**
 * `pictures` with what is noted of each file's bytes, which are let go.
 * @param note what is kept of a file
 */
export async function* picturesWith<N extends object>(
  names: AsyncGenerator<string>,
  coca: LoadedCoca,
  context: CommandContext,
  ahead: number,
  note: (bytes: Uint8Array) => N,
  clips?: ClipChoice,
): AsyncGenerator<(ReadablePicture & N) | Failure> {
  const decoder = coca.decode ? undefined : await newDecoder();
  const prepare = async (name: string): Promise<(ReadablePicture & N) | Failure> => {
    const opened = await openPicture(name, coca, context, { decoder, clips });
    return 'error' in opened ? opened : { name, picture: opened.picture, ...note(opened.bytes) };
  };
  const places = new Budget(AT_ONCE);
  try {
    const held = Math.max(ahead, AT_ONCE);
    for await (const item of mapAhead(names, (name) => places.spend(1, () => prepare(name)), held)) {
      stopIfAborted(context.signal);
      yield item;
    }
  } finally {
    await decoder?.close();
  }
}

async function newDecoder(): Promise<PictureDecoder> {
  const { PictureDecoder } = await import('../../model/data/picture-decoder.js');
  return new PictureDecoder();
}

/**
 * Finds something of every picture, in the order of their names; what cannot be read is a failure among the results. A picture that
 * is alone in its batch is told before its result is looked for, others when their turn comes.
 * @param batch how many go through the model together
 * @param find the results of some pictures, one each
 */
export async function* eachPicture<R>(
  names: AsyncGenerator<string>,
  coca: LoadedCoca,
  context: CommandContext,
  batch: number,
  find: (found: readonly ReadablePicture[]) => Promise<readonly R[]>,
  clips?: ClipChoice,
): AsyncGenerator<Finding<R, ReadablePicture>> {
  // One group is computed, one is being decoded.
  for await (const group of grouped(pictures(names, coca, context, batch * 2, clips), batch)) {
    const found = group.filter((item) => 'picture' in item);
    if (found.length === 1) yield { kind: 'picture', item: found[0]! };
    const results = found.length > 0 ? await find(found) : [];
    for (const item of group) {
      if ('error' in item) yield item;
      else {
        if (found.length > 1) yield { kind: 'picture', item };
        yield { kind: 'result', result: results[found.indexOf(item)]! };
      }
    }
  }
}

/**
 * `eachPicture` for what takes pictures as they come and gives a result for each, in their order.
 * @param batch how many it takes at a time
 */
export async function* flowOfPictures<R>(
  names: AsyncGenerator<string>,
  coca: LoadedCoca,
  context: CommandContext,
  batch: number,
  find: (found: AsyncIterable<ReadablePicture>) => AsyncIterable<R>,
  clips?: ClipChoice,
): AsyncGenerator<Finding<R, ReadablePicture>> {
  const taken: (ReadablePicture | Failure)[] = [];
  async function* readable(): AsyncGenerator<ReadablePicture> {
    for await (const item of pictures(names, coca, context, batch * 2, clips)) {
      taken.push(item);
      if ('picture' in item) yield item;
    }
  }
  for await (const result of find(readable())) {
    for (let item = taken.shift()!; ; item = taken.shift()!) {
      if ('error' in item) yield item;
      else {
        yield { kind: 'picture', item };
        yield { kind: 'result', result };
        break;
      }
    }
  }
  for (const item of taken) if ('error' in item) yield item;
}

/**
 * The picture that a word names, for commands that take one; a glob may name one, too.
 * @throws CocaError `usage` when it names several
 */
export async function oneName(
  word: string,
  command: string,
  { stdin }: CommandContext,
  frames?: number,
): Promise<string> {
  const names: string[] = [];
  for await (const name of imageNames({ images: [word], files: [], files0: [], frames }, stdin)) {
    names.push(name);
    if (names.length > 1) throw new CocaError('usage', `${word} names several pictures`, `coca ${command} takes one`);
  }
  return names[0]!;
}

/** Side of the pictures that maps are laid over, at least. */
const OVERLAY_SIZE = 448;

/**
 * The square that the model sees, with more pixels where the model's own are few, made when it is first asked for. It holds the
 * file, and of the model only what that does to pictures: a session keeps results, and models come and go.
 */
export function squareOf(bytes: Uint8Array, { preprocess }: Pick<LoadedCoca, 'preprocess'>): () => Promise<Picture> {
  let made: Promise<Picture> | undefined;
  return () => {
    made ??= loadSquare(bytes, preprocess);
    return made;
  };
}

async function loadSquare(bytes: Uint8Array, preprocess: LoadedCoca['preprocess']): Promise<Picture> {
  const { loadPicture } = await import('../../model/image/load-picture.js');
  return loadPicture(bytes, { ...preprocess, size: Math.max(OVERLAY_SIZE, preprocess.size) });
}
