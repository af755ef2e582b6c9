import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { imageNames, readImage } from './sources.js';

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

/** A picture as the model sees it and as the file has it, or why it is not there. */
export type OnePicture = { readonly picture: Picture; readonly bytes: Buffer } | { readonly error: CocaError };

export async function pictureOf(image: string, coca: LoadedCoca, context: CommandContext): Promise<OnePicture> {
  const input = await readImage(image, context);
  if ('error' in input) return input;
  const { loadPicture } = await import('../../model/image/load-picture.js');
  try {
    return { picture: await loadPicture(input.bytes, coca.preprocess), bytes: input.bytes };
  } catch (error) {
    if (error instanceof CocaError) return { error };
    throw error;
  }
}

/** The square that the model sees, with more pixels where the model's own are few. */
export async function squareOf(bytes: Buffer, coca: LoadedCoca): Promise<Picture> {
  const [{ loadPicture }, { OVERLAY_SIZE }] = await Promise.all([
    import('../../model/image/load-picture.js'),
    import('../attend/files.js'),
  ]);
  return loadPicture(bytes, { ...coca.preprocess, size: Math.max(OVERLAY_SIZE, coca.preprocess.size) });
}
