import type { CommandContext } from '../../cli/command.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { filtered, grouped, mapAhead } from '../../model/base/pipeline.js';
import { Budget } from '../../model/image/budget.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { type ImageSources, imageNames, readImage } from './sources.js';

/** A named picture as the model sees it, or why it is not there. */
export type PictureItem = ReadablePicture | UnreadablePicture;

export interface ReadablePicture {
  readonly name: string;
  readonly picture: Picture;
}

export interface UnreadablePicture {
  readonly name: string;
  readonly error: CocaError;
}

/** A picture as the model sees it and as its file has it, or why it is not there. */
export type OpenedPicture = (ReadablePicture & { readonly bytes: Buffer }) | UnreadablePicture;

/**
 * Reads and decodes one named picture; a failure is a value.
 * @throws CocaError `interrupted`
 */
export async function openPicture(name: string, coca: LoadedCoca, context: CommandContext): Promise<OpenedPicture> {
  const input = await readImage(name, context);
  if ('error' in input) return input;
  const { loadPicture } = await import('../../model/image/load-picture.js');
  try {
    return { name, picture: await loadPicture(input.bytes, coca.preprocess), bytes: input.bytes };
  } catch (error) {
    if (error instanceof CocaError) return { name, error };
    throw error;
  }
}

/** How many pictures are read and decoded side by side: more would only wait, with their files in memory. */
const AT_ONCE = 8;

/**
 * Pictures in the order in which they were named, read and decoded ahead of the model.
 * @param ahead how many are held ready.
 * @param isWanted whether a picture is to be read at all; asked in their order.
 */
export async function* pictures(
  sources: ImageSources,
  coca: LoadedCoca,
  context: CommandContext,
  ahead: number,
  isWanted: (name: string) => Promise<boolean> = async () => true,
): AsyncGenerator<PictureItem> {
  // The file itself is let go.
  const prepare = async (name: string): Promise<PictureItem> => {
    const opened = await openPicture(name, coca, context);
    return 'error' in opened ? opened : { name, picture: opened.picture };
  };
  const names = filtered(imageNames(sources, context.stdin), isWanted);
  const places = new Budget(AT_ONCE);
  for await (const item of mapAhead(names, (name) => places.spend(1, () => prepare(name)), ahead)) {
    stopIfAborted(context.signal);
    yield item;
  }
}

/** The items that are pictures. */
export function readable(items: readonly PictureItem[]): ReadablePicture[] {
  return items.filter((item): item is ReadablePicture => 'picture' in item);
}

/** A picture with its embedding, embed_dim floats: of unit length, and before it was made so. */
export type EncodedPicture = ReadablePicture & { readonly feature: Float32Array; readonly latent: Float32Array };

/** Pictures as `pictures` gives them, `batch` of them encoded together. */
export async function* encodedPictures(
  sources: ImageSources,
  coca: LoadedCoca,
  context: CommandContext,
  batch: number,
): AsyncGenerator<EncodedPicture | UnreadablePicture> {
  // One group is computed, one is being decoded.
  for await (const group of grouped(pictures(sources, coca, context, batch * 2), batch)) {
    const found = readable(group);
    const encoding = found.length > 0 ? await coca.encodeImages(found.map(({ picture }) => picture)) : undefined;
    for (const item of group) {
      if ('error' in item) {
        yield item;
        continue;
      }
      const at = found.indexOf(item);
      yield { ...item, feature: encoding!.features[at]!, latent: encoding!.latents[at]! };
    }
  }
}

/**
 * The picture that a word names, for commands that take one; a glob may name one, too.
 * @throws CocaError `usage` when it names several
 */
export async function oneName(word: string, command: string, { stdin }: CommandContext): Promise<string> {
  const names: string[] = [];
  for await (const name of imageNames({ images: [word], files: [], files0: [] }, stdin)) {
    names.push(name);
    if (names.length > 1) throw new CocaError('usage', `${word} names several pictures`, `coca ${command} takes one`);
  }
  return names[0]!;
}

/** Side of the pictures that maps are laid over, at least. */
const OVERLAY_SIZE = 448;

/** The square that the model sees, with more pixels where the model's own are few. */
export async function squareOf(bytes: Buffer, coca: LoadedCoca): Promise<Picture> {
  const { loadPicture } = await import('../../model/image/load-picture.js');
  return loadPicture(bytes, { ...coca.preprocess, size: Math.max(OVERLAY_SIZE, coca.preprocess.size) });
}
