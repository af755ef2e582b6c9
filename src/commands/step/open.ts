import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { contextLength } from '../../model/config/config.js';
import { type DecodingOptions, decodingOptions } from '../../model/decoding/index.js';
import type { Picture } from '../../model/image/picture.js';
import { sha256Of } from '../../model/image/sha256.js';
import { currentLine, openStepper, type PatchPicture, type Stepper, WalkModels } from '../../model/stepper/index.js';
import type { CaptioningCoca } from '../io/model.js';
import { openPicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { checkSession, type LoadedSession, modelOf, replay, saveSession } from './file.js';
import { bestOf } from './result.js';

export interface WalkRequest {
  readonly image: string;
  /** How to search, and how the caption begins; of a loaded session these come from its file. */
  readonly search: DecodingOptions | undefined;
  readonly prompt: string | undefined;
  readonly loaded: LoadedSession | undefined;
}

/** A walk over a picture, ready to go on. Its stepper must be closed. */
export interface OpenWalk {
  readonly image: string;
  readonly picture: Picture;
  /** The square of it that the model sees, in the resolution to draw in. */
  readonly square: () => Promise<Picture>;
  readonly coca: CaptioningCoca;
  readonly stepper: Stepper;
  /** The model, and what it sees, under changes. */
  readonly models: WalkModels;
  /** Writes the session to a file. */
  readonly save: (path: string) => Promise<void>;
}

/**
 * Opens a walk: before its first step, or where a session was saved. The picture that cannot be read is a value.
 * @throws CocaError `usage` for a prompt that leaves no room; `bad-session` for a session that does not fit
 */
export async function openWalk(
  { image, search: asked, prompt, loaded }: WalkRequest,
  coca: CaptioningCoca,
  context: CommandContext,
): Promise<OpenWalk | { readonly error: CocaError }> {
  const [input] = await Promise.all([openPicture(image, coca, context), prepare(coca, 'captions', context)]);
  if ('error' in input) return input;
  const { picture, bytes } = input;
  const sha256 = sha256Of(bytes);
  if (loaded) checkSession(loaded, { name: image, sha256 }, modelOf(coca));
  const begins = loaded ? (loaded.saved.prompt ?? undefined) : prompt;
  const options = asked ?? savedOptions(loaded!, coca);
  context.status.show('looking');
  const encoding = await coca.encodeImages([picture]);
  const square = squareOf(bytes, coca);
  const models = new WalkModels(coca, { picture, square }, (name) => patchPicture(name, coca, context));
  const search = begins === undefined ? options : { ...options, prompt: begins };
  const stepper = await openStepper(coca, encoding, search, models);
  try {
    if (loaded) await goOn(stepper, loaded, coca, context);
  } catch (error) {
    await stepper.close();
    throw error;
  }
  context.status.clear();
  const origin = { image, sha256, prompt: begins, options };
  return {
    image,
    picture,
    square,
    coca,
    stepper,
    models,
    save: (path) => saveSession(path, origin, stepper.session, coca),
  };
}

/** @throws CocaError for one that cannot be read */
async function patchPicture(name: string, coca: CaptioningCoca, context: CommandContext): Promise<PatchPicture> {
  if (name === '-') throw new CocaError('usage', 'a picture that is patched in cannot come from stdin', 'name a file');
  const input = await openPicture(name, coca, context);
  if ('error' in input) throw input.error;
  const { picture, bytes } = input;
  return { picture, square: squareOf(bytes, coca), sha256: sha256Of(bytes) };
}

/** @throws CocaError `bad-session` for options that a search here cannot have */
function savedOptions({ file, saved }: LoadedSession, coca: CaptioningCoca): DecodingOptions {
  try {
    const complete = decodingOptions(saved.options, { contextLength: contextLength(coca.config) });
    const unknown = Object.keys(saved.options).find((name) => !Object.hasOwn(complete, name));
    if (unknown === undefined) return complete;
    throw new CocaError('usage', `there is no option ${unknown}`);
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    throw new CocaError('bad-session', `${file}: options: ${error.message}`, error.hint, { cause: error });
  }
}

/** Does again what the session did, and says so where that ends elsewhere than it did. */
async function goOn(
  stepper: Stepper,
  loaded: LoadedSession,
  coca: CaptioningCoca,
  context: CommandContext,
): Promise<void> {
  await replay(stepper, loaded, context.signal);
  const best = bestOf(currentLine(stepper.session), coca.tokenizer)?.caption ?? null;
  if (best === loaded.saved.best) return;
  const then = loaded.saved.best ?? 'nothing';
  context.notice(`${loaded.file} had come to "${then}" when it was saved, and comes to "${best}" on ${coca.device}`);
}
