import type { CaptionOptions, Coca, ImageEncoding } from '../api.js';
import { stopIfAborted } from '../base/errors.js';
import { Turns } from '../base/turns.js';
import { contextLength, requireCaptioner } from '../config/config.js';
import { advance } from '../decoding/advance.js';
import { type Candidate, isDone } from '../decoding/state.js';
import type { RowScores, TreeModel } from '../decoding/types.js';
import type { Action, Move } from './actions.js';
import { Evaluations, type Stem } from './evaluations.js';
import { awaitedStems, CANDIDATES, followedStems } from './line.js';
import { currentLine, neededStems, reduce, type Session, scoresOfAll, startSession } from './session.js';

/** Walks through the beam search of one picture, with a model that is asked for what each step needs. */
export class Stepper {
  readonly #evaluations: Evaluations;
  #session: Session;
  readonly #turns = new Turns();

  /** @param model serves one picture, and has evaluated nothing yet; the stepper releases it */
  constructor(model: TreeModel, session: Session) {
    this.#evaluations = new Evaluations(model);
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  /** How many tokens the model has evaluated. */
  get evaluated(): number {
    return this.#evaluations.count;
  }

  /**
   * Does something to the session. Calls may be made side by side, they take turns.
   * @throws CocaError `usage` for what cannot be done; the session is as it was
   */
  perform(input: Action | Move): Promise<Session> {
    return this.#turns.take(() => this.#perform(input));
  }

  /**
   * Steps on until the current line's search has ended.
   * @throws CocaError `interrupted` when the signal says so; what was stepped stays
   */
  run({ onStep, signal }: { readonly onStep?: () => void; readonly signal?: AbortSignal } = {}): Promise<Session> {
    return this.#turns.take(async () => {
      while (!isDone(currentLine(this.#session).state)) {
        stopIfAborted(signal, 'stopped before the search had ended');
        await this.#perform({ type: 'next', line: this.#session.walk.line });
        onStep?.();
      }
      return this.#session;
    });
  }

  /** What the next step of the current line would weigh; nothing once its search has ended. */
  preview(): Promise<readonly Candidate[]> {
    return this.#turns.take(async () => {
      const line = currentLine(this.#session);
      if (isDone(line.state)) return [];
      const stems = awaitedStems(line);
      await this.#evaluations.evaluate(stems);
      return advance(line.state, scoresOfAll(stems, line.state, this.#evaluations.scores)).considered.at(-1)!;
    });
  }

  /** What the model says after a beam's text: one row, of all tokens. */
  scores(beam: Stem): Promise<RowScores> {
    return this.#turns.take(async () => {
      await this.#evaluations.evaluate([beam]);
      return this.#evaluations.scores(beam);
    });
  }

  /** Gives the model back, after what is under way. */
  close(): Promise<void> {
    return this.#turns.take(async () => this.#evaluations.model.release());
  }

  async #perform(input: Action | Move): Promise<Session> {
    await this.#evaluations.evaluate(neededStems(this.#session, input));
    this.#session = reduce(this.#session, input, this.#evaluations.scores);
    const followed = this.#session.walk.lines.flatMap(followedStems);
    // Told when and as `decode` tells it, so that an untouched walk computes the same to the last bit.
    if ((input.type === 'next' || input.type === 'force') && followed.length > 0) this.#evaluations.retain(followed);
    return this.#session;
  }
}

/**
 * Opens a session over an encoded picture. Close it afterwards.
 * @throws CocaError `usage` or `bad-text` for a prompt that leaves no room
 */
export async function openStepper(
  coca: Coca,
  image: ImageEncoding,
  { prompt, ...options }: CaptionOptions,
): Promise<Stepper> {
  requireCaptioner(coca.config, 'a walk');
  const { encode, vocabSize } = coca.tokenizer;
  const special = { ...coca.tokenizer.special, pad: coca.config.pad_id };
  const traced = { ...options, trace: Math.max(options.trace, CANDIDATES) };
  const ids = [special.sot, ...(prompt ? encode(prompt) : [])];
  const session = startSession(traced, special, ids, { vocabSize, contextLength: contextLength(coca.config) });
  return new Stepper(await coca.openTree(image), session);
}
