import type { CommandContext, GlobalName, GlobalValues, ModelSource } from '../../cli/command.js';
import type { DecodingProgress } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { filtered, grouped, mapAhead } from '../../model/base/pipeline.js';
import { Budget } from '../../model/image/budget.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { Streams } from '../../ui/full-screen.js';
import { progressText } from '../../ui/status.js';
import { type ImageSources, imageNames, readImage } from './sources.js';

/** The global options of every command that runs a model and gives results. */
export const MODEL_GLOBALS = ['model', 'device', 'engine', 'json', 'jsonl', 'quiet'] as const satisfies GlobalName[];

/** The source of a single command: each model is loaded when it is asked for, and closed when it is given back. */
export const FRESH_MODELS: ModelSource = {
  async borrow(options) {
    const { loadCoca } = await import('../../model/store/load.js');
    return loadCoca(options);
  },
  giveBack: (coca) => coca.close(),
};

/**
 * Borrows the model that the options name, lends it, and gives it back whatever happens.
 * @throws what loading or `work` throws.
 */
export async function withModel<T>(
  options: GlobalValues<'model' | 'device' | 'engine'>,
  context: CommandContext,
  work: (coca: LoadedCoca) => Promise<T>,
): Promise<T> {
  context.status.show('loading the model');
  const coca = await context.models.borrow({
    ...(options.model === undefined ? {} : { model: options.model }),
    device: options.device,
    engine: options.engine,
    onNotice: context.notice,
  });
  context.status.clear();
  try {
    return await work(coca);
  } finally {
    await context.models.giveBack(coca);
  }
}

/**
 * Lends the terminal to a view of what a model does, as `onScreen` does. The view ends when the model's engine has ended.
 * @throws CocaError `engine` then
 */
export async function modelOnScreen<T>(
  { ended }: Pick<LoadedCoca, 'ended'>,
  context: CommandContext,
  show: (streams: Streams) => Promise<T>,
): Promise<T> {
  if (ended === undefined) return context.onScreen(show);
  const left = await context.onScreen((streams) =>
    show({ ...streams, signal: AbortSignal.any([streams.signal, ended]) }),
  );
  ended.throwIfAborted();
  return left;
}

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

/** How many pictures are read and decoded side by side: more would only wait, with their files in memory. */
const AT_ONCE = 8;

/**
 * Pictures in the order in which they were named, read and decoded ahead of whoever computes with them.
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
  const { loadPicture } = await import('../../model/image/load-picture.js');
  const prepare = async (name: string): Promise<PictureItem> => {
    const input = await readImage(name, context);
    if ('error' in input) return input;
    try {
      return { name, picture: await loadPicture(input.bytes, coca.preprocess) };
    } catch (error) {
      if (error instanceof CocaError) return { name, error };
      throw error;
    }
  };
  const names = filtered(imageNames(sources, context.stdin), isWanted);
  const places = new Budget(AT_ONCE);
  for await (const item of mapAhead(names, (name) => places.spend(1, () => prepare(name)), ahead)) {
    if (context.signal.aborted) throw new CocaError('interrupted', 'interrupted');
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

/** From here on a search takes long enough for its steps to be worth a line. */
const LONG_SEARCH_MS = 500;

/** Shows on the status line how far a search has come, once it takes long. */
export function searchProgress({ status }: CommandContext): (progress: DecodingProgress) => void {
  const start = performance.now();
  return ({ step, maxSteps }) => {
    const elapsed = performance.now() - start;
    if (elapsed > LONG_SEARCH_MS) status.show(`step ${progressText(step, maxSteps, elapsed)}`);
  };
}

/**
 * Shows on the status line how many of the inputs are through; nothing for a single one.
 * @param count how many there are in all, where that is known
 * @param earlier how many an earlier run has answered: they say nothing of the speed
 */
export function progress(
  context: CommandContext,
  count: () => number | undefined,
  earlier = 0,
): (finished: number) => void {
  const start = performance.now();
  return (finished) => {
    const total = count();
    if (total === 1 || finished === total) return;
    context.status.show(progressText(finished, total, performance.now() - start, earlier));
  };
}
