import type { CaptionOptions, Coca, ImageEncoding } from '../api.js';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { Turns } from '../base/turns.js';
import { contextLength, requireCaptioner } from '../config/config.js';
import { advance } from '../decoding/advance.js';
import { type Candidate, isDone } from '../decoding/state.js';
import type { RowScores, TreeModel } from '../decoding/types.js';
import { promptOf } from '../prompt.js';
import type { Action, Move } from './actions.js';
import type { ChangeRequest, WalkChange } from './changes.js';
import { Evaluations, type Stem } from './evaluations.js';
import { awaitedStems, CANDIDATES, followedStems, type Line } from './line.js';
import { type Moved, movedTokens } from './moved.js';
import {
  currentLine,
  type Needed,
  neededStems,
  pairOf,
  reduce,
  type ScoresOf,
  type Session,
  scoresOfAll,
  startSession,
} from './session.js';

/** What a stepper asks for what it is to change: `WalkModels`, of a model. */
export interface Changing {
  /** A model under some changes that serves the walk's picture; the stepper releases it. */
  openTree(changes: readonly WalkChange[]): Promise<TreeModel>;
  /** What is meant, said in full. */
  changeOf(request: ChangeRequest, ids: readonly number[], before: readonly WalkChange[]): Promise<WalkChange>;
}

/** What tells models under changes apart. */
const keyOf = (changes: readonly WalkChange[]): string => JSON.stringify(changes);

/** Walks through the beam search of one picture, with a model that is asked for what each step needs. */
export class Stepper {
  /** What each changed model has said, by `keyOf`. */
  readonly #evaluations = new Map<string, Evaluations>();
  #session: Session;
  readonly #turns = new Turns();

  /**
   * @param model serves one picture, and has evaluated nothing yet; the stepper releases it
   * @param changing without it, nothing can be changed on the way
   */
  constructor(
    model: TreeModel,
    session: Session,
    private readonly changing?: Changing,
  ) {
    this.#evaluations.set(keyOf([]), new Evaluations(model));
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  /** How many tokens the model has evaluated. */
  get evaluated(): number {
    return [...this.#evaluations.values()].reduce((sum, { count }) => sum + count, 0);
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
      await this.#evaluate({ changes: line.changes, stems });
      return advance(line.state, scoresOfAll(stems, line, this.#scores)).considered.at(-1)!;
    });
  }

  /** What the model says after a text of the current line: one row, of all tokens. */
  scores(beam: Stem): Promise<RowScores> {
    return this.#turns.take(() => this.#scoresUnder(beam, currentLine(this.#session).changes));
  }

  /**
   * The tokens whose probability after a text differs most between the current line and the one that it is compared with (`pairOf`);
   * nothing where there is none.
   */
  moved(text: Stem): Promise<readonly Moved[]> {
    return this.#turns.take(async () => {
      const { walk } = this.#session;
      const pair = pairOf(walk);
      if (pair === undefined) return [];
      const before = await this.#scoresUnder(text, walk.lines[pair.before]!.changes);
      return movedTokens(before, await this.#scoresUnder(text, walk.lines[pair.after]!.changes), CANDIDATES);
    });
  }

  /**
   * What a request for a change means for a text of a line; a word is one of that text.
   * @throws CocaError `usage` for what does not exist, or where nothing can be changed; for a picture that cannot be read
   */
  changeOf(request: ChangeRequest, { ids }: Pick<Stem, 'ids'>, { changes }: Line): Promise<WalkChange> {
    return this.#turns.take(() => this.#changer().changeOf(request, ids, changes));
  }

  /** Gives the model back, after what is under way. */
  close(): Promise<void> {
    return this.#turns.take(async () => {
      for (const { model } of this.#evaluations.values()) model.release();
    });
  }

  async #perform(input: Action | Move): Promise<Session> {
    for (const needed of neededStems(this.#session, input)) await this.#evaluate(needed);
    this.#session = reduce(this.#session, input, this.#scores);
    // Told when and as `decode` tells it, so that an untouched walk computes the same to the last bit.
    if (input.type === 'next' || input.type === 'force') this.#retain();
    if (isAction(input)) this.#releaseForgotten();
    return this.#session;
  }

  readonly #scores: ScoresOf = (stem, changes) => this.#evaluations.get(keyOf(changes))!.scores(stem);

  async #scoresUnder(beam: Stem, changes: readonly WalkChange[]): Promise<RowScores> {
    await this.#evaluate({ changes, stems: [beam] });
    return this.#scores(beam, changes);
  }

  async #evaluate({ changes, stems }: Needed): Promise<void> {
    const key = keyOf(changes);
    let evaluations = this.#evaluations.get(key);
    if (evaluations === undefined) {
      evaluations = new Evaluations(await this.#changer().openTree(changes));
      this.#evaluations.set(key, evaluations);
    }
    await evaluations.evaluate(stems);
  }

  #changer(): Changing {
    if (this.changing) return this.changing;
    throw new CocaError('usage', 'nothing can be changed inside this walk', 'open it with what changes its model');
  }

  /** Lets every model forget what none of its lines can follow. */
  #retain(): void {
    for (const [key, evaluations] of this.#evaluations) {
      const own = this.#session.walk.lines.filter(({ changes }) => keyOf(changes) === key);
      const followed = own.flatMap(followedStems);
      if (followed.length > 0) evaluations.retain(followed);
    }
  }

  /** Gives back changed models that no line stands under, here, before or after. */
  #releaseForgotten(): void {
    const { walk, past, future } = this.#session;
    const walks = [walk, ...[...past, ...future].map((taken) => taken.walk)];
    const needed = new Set([keyOf([]), ...walks.flatMap(({ lines }) => lines.map(({ changes }) => keyOf(changes)))]);
    for (const [key, { model }] of this.#evaluations) {
      if (needed.has(key)) continue;
      model.release();
      this.#evaluations.delete(key);
    }
  }
}

const isAction = ({ type }: Action | Move): boolean =>
  type !== 'undo' && type !== 'redo' && type !== 'choose' && type !== 'switch';

/**
 * Opens a session over an encoded picture. Close it afterwards.
 * @param changing `new WalkModels(...)` of the same model and picture, for changes on the way
 * @throws CocaError `usage` or `bad-text` for a prompt that leaves no room
 */
export async function openStepper(
  coca: Coca,
  image: ImageEncoding,
  { prompt, ...options }: CaptionOptions,
  changing?: Changing,
): Promise<Stepper> {
  requireCaptioner(coca.config, 'a walk');
  const { special, prompt: ids } = promptOf(coca, prompt);
  const { vocabSize } = coca.tokenizer;
  const traced = { ...options, trace: Math.max(options.trace, CANDIDATES) };
  const session = startSession(traced, special, ids, { vocabSize, contextLength: contextLength(coca.config) });
  return new Stepper(await coca.openTree(image), session, changing);
}
