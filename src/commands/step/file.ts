import type { Coca } from '../../model/api.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { decodeText } from '../../model/base/text-decoding.js';
import { writeWhole } from '../../model/base/whole-file.js';
import {
  actionsOf,
  formatSaved,
  parseSaved,
  type SavedSession,
  type Session,
  type Stepper,
} from '../../model/stepper/index.js';
import { withoutText } from '../../ui/text.js';
import { readRegularFile } from '../io/files.js';
import { bestOf } from './result.js';

/** A saved session, and the file that it is from. */
export interface LoadedSession {
  readonly file: string;
  readonly saved: SavedSession;
}

const LARGEST_FILE = 16 * 2 ** 20;

/** What a session is about, beside what was done. */
export interface SessionOrigin {
  readonly image: string;
  readonly sha256: string;
  readonly prompt: string | undefined;
  /** As it began: the options that the search was opened with. */
  readonly options: SavedSession['options'];
}

/**
 * Writes a session to a file, whole or not at all.
 * @throws CocaError `write-failed`
 */
export async function saveSession(
  path: string,
  { prompt, ...about }: SessionOrigin,
  session: Session,
  coca: Pick<Coca, 'name' | 'ablated' | 'tokenizer'>,
): Promise<void> {
  const best = bestOf(session.walk.lines[session.walk.line]!, coca.tokenizer)?.caption ?? null;
  const actions = actionsOf(session);
  const text = formatSaved({ ...about, model: modelOf(coca), prompt: prompt ?? null, actions, best });
  await writeWhole(path, (write) => write(Buffer.from(text)));
}

/** What a session's file calls its model: one that lacks something is another. */
export const modelOf = (coca: Pick<Coca, 'name' | 'ablated'>): string => coca.name + withoutText(coca);

/**
 * Reads a session's file.
 * @throws CocaError `bad-session`; as `readRegularFile` does
 */
export async function readSession(path: string): Promise<SavedSession> {
  return parseSaved(decodeText(await readRegularFile(path, LARGEST_FILE), path), path);
}

/**
 * Refuses a session of another picture or model.
 * @throws CocaError `bad-session`
 */
export function checkSession(
  { saved, file }: LoadedSession,
  image: { readonly name: string; readonly sha256: string },
  model: string,
): void {
  if (saved.model !== model) {
    throw new CocaError(
      'bad-session',
      `${file} was made with the model ${saved.model}, and this is ${model}`,
      'name that model with --model, and what it goes without with --ablate',
    );
  }
  if (saved.sha256 !== image.sha256) {
    throw new CocaError(
      'bad-session',
      `${file} is about the picture ${saved.image}, and ${image.name} is not the same`,
      'give the picture that it was made with',
    );
  }
}

/**
 * Does everything again that a session did.
 * @throws CocaError `bad-session` for what cannot be done here; `interrupted`
 */
export async function replay(stepper: Stepper, { saved, file }: LoadedSession, signal: AbortSignal): Promise<void> {
  for (const [i, action] of saved.actions.entries()) {
    stopIfAborted(signal);
    try {
      await stepper.perform(action);
    } catch (error) {
      if (!(error instanceof CocaError) || error.code !== 'usage') throw error;
      throw new CocaError('bad-session', `${file}: action ${i + 1} cannot be done: ${error.message}`, error.hint);
    }
  }
}
