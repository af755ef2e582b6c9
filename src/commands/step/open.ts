import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { contextLength } from '../../model/config/config.js';
import { type DecodingOptions, decodingOptions } from '../../model/decoding/index.js';
import type { Picture } from '../../model/image/picture.js';
import { currentLine, openStepper, type Stepper } from '../../model/stepper/index.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { openPicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { checkSession, type LoadedSession, modelOf, replay, saveSession, sha256Of } from './file.js';
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
  readonly coca: LoadedCoca;
  readonly stepper: Stepper;
  /** Writes the session to a file. */
  readonly save: (path: string) => Promise<void>;
}

/**
 * Opens a walk: before its first step, or where a session was saved. The picture that cannot be read is a value.
 * @throws CocaError `usage` for a prompt that leaves no room; `bad-session` for a session that does not fit
 */
export async function openWalk(
  { image, search, prompt, loaded }: WalkRequest,
  coca: LoadedCoca,
  context: CommandContext,
): Promise<OpenWalk | { readonly error: CocaError }> {
  const [input] = await Promise.all([openPicture(image, coca, context), prepare(coca, 'captions', context)]);
  if ('error' in input) return input;
  const { picture, bytes } = input;
  const sha256 = sha256Of(bytes);
  if (loaded) checkSession(loaded, { name: image, sha256 }, modelOf(coca));
  const begins = loaded ? (loaded.saved.prompt ?? undefined) : prompt;
  const options = search ?? savedOptions(loaded!, coca);
  context.status.show('looking');
  const encoding = await coca.encodeImages([picture]);
  const stepper = await openStepper(coca, encoding, begins === undefined ? options : { ...options, prompt: begins });
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
    square: squareOf(bytes, coca),
    coca,
    stepper,
    save: (path) => saveSession(path, origin, stepper.session, coca),
  };
}

/** @throws CocaError `bad-session` for options that a search here cannot have */
function savedOptions({ file, saved }: LoadedSession, coca: LoadedCoca): DecodingOptions {
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
async function goOn(stepper: Stepper, loaded: LoadedSession, coca: LoadedCoca, context: CommandContext): Promise<void> {
  await replay(stepper, loaded, context.signal);
  const best = bestOf(currentLine(stepper.session), coca.tokenizer)?.caption ?? null;
  if (best === loaded.saved.best) return;
  const then = loaded.saved.best ?? 'nothing';
  context.notice(`${loaded.file} had come to "${then}" when it was saved, and comes to "${best}" on ${coca.device}`);
}
