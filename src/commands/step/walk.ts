import type { Coca } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { isDone } from '../../model/decoding/index.js';
import {
  CANDIDATES,
  candidatesOf,
  currentLine,
  type Hypothesis,
  hypothesesOf,
  type Line,
  type OptionChanges,
  type Stepper,
} from '../../model/stepper/index.js';

/** A token to force: by its number among the likeliest (from 1), or ids one after the other. */
export type ForceTarget = { readonly candidate: number } | { readonly ids: readonly number[] };

function refuse(message: string, hint?: string): never {
  throw new CocaError('usage', message, hint);
}

/**
 * The verbs of a walk, as scripts and keys have them: about the line and the beam that are looked at.
 * Each throws CocaError `usage` for what cannot be done, and then has done nothing.
 */
export class Walker {
  constructor(
    readonly stepper: Stepper,
    private readonly tokenizer: Coca['tokenizer'],
  ) {}

  get line(): Line {
    return currentLine(this.stepper.session);
  }

  get chosen(): Hypothesis {
    const { line } = this;
    return hypothesesOf(line)[line.chosen]!;
  }

  get isDone(): boolean {
    return isDone(this.line.state);
  }

  async next(): Promise<void> {
    await this.stepper.perform({ type: 'next', line: this.#at });
  }

  async run(hooks: Parameters<Stepper['run']>[0]): Promise<void> {
    await this.stepper.run(hooks);
  }

  async undo(): Promise<void> {
    await this.stepper.perform({ type: 'undo' });
  }

  async redo(): Promise<void> {
    await this.stepper.perform({ type: 'redo' });
  }

  /** Looks at the beam of that number. */
  async choose(number: number): Promise<void> {
    await this.stepper.perform({ type: 'choose', at: this.#placeOf(number) });
  }

  /** Looks at the first beam or, where none is left, caption. */
  async chooseFirst(): Promise<void> {
    await this.stepper.perform({ type: 'choose', at: 0 });
  }

  /** Looks at the beam or caption after (1) or before (-1), around the ends. */
  async chooseBy(by: 1 | -1): Promise<void> {
    const { length } = hypothesesOf(this.line);
    await this.stepper.perform({ type: 'choose', at: (this.line.chosen + by + length) % length });
  }

  /** Looks at another line. */
  async switchTo(line: number): Promise<void> {
    await this.stepper.perform({ type: 'switch', line });
  }

  /** Looks at the next line, around the end. */
  async nextLine(): Promise<void> {
    const { lines, line } = this.stepper.session.walk;
    await this.switchTo((line + 1) % lines.length);
  }

  /** Goes on with a token, or with several in as many steps. */
  async force(target: ForceTarget): Promise<void> {
    for (const token of await this.#idsOf(target)) {
      const { chosen } = this;
      if (chosen.kind === 'finished')
        refuse('a finished caption takes no more tokens', 'choose a beam, or undo a step');
      await this.stepper.perform({ type: 'force', line: this.#at, beam: chosen.number, token });
    }
  }

  /** Prunes the beam of that number, or the one that is looked at. */
  async prune(number?: number): Promise<void> {
    const meant = number === undefined ? this.chosen : hypothesesOf(this.line)[this.#placeOf(number)]!;
    if (meant.kind === 'finished') refuse('a finished caption cannot be pruned');
    await this.stepper.perform({ type: 'prune', line: this.#at, beam: meant.number });
  }

  /**
   * Forks off the beam of that number, or what is looked at.
   * @param step from its text as it was after this step; whole unless given
   */
  async fork(number?: number, step?: number): Promise<void> {
    const at = number === undefined ? this.line.chosen : this.#placeOf(number);
    const { promptLength } = this.line.state;
    const length = step === undefined ? {} : { length: promptLength + step };
    await this.stepper.perform({ type: 'fork', line: this.#at, at, ...length });
  }

  async set(options: OptionChanges): Promise<void> {
    await this.stepper.perform({ type: 'set', line: this.#at, options });
  }

  get #at(): number {
    return this.stepper.session.walk.line;
  }

  #placeOf(number: number): number {
    const all = hypothesesOf(this.line);
    const place = all.findIndex((one) => one.kind === 'live' && one.number === number);
    if (place >= 0) return place;
    const numbers = this.line.numbers.flat();
    return refuse(
      `this line has no beam ${number}`,
      numbers.length === 0 ? 'its search has ended' : `its beams are ${numbers.join(', ')}`,
    );
  }

  async #idsOf(target: ForceTarget): Promise<readonly number[]> {
    if ('ids' in target) return target.ids;
    if (this.isDone) refuse('this search has ended', 'undo a step, or fork from an earlier token');
    const candidates = candidatesOf(await this.stepper.preview(), this.chosen).slice(0, CANDIDATES);
    const found = candidates[target.candidate - 1];
    return [found?.token ?? refuse(`there is no candidate ${target.candidate}`, `there are ${candidates.length}`)];
  }

  /** Ids of a text that is to be forced. */
  idsOfText(text: string): readonly number[] {
    const ids = this.tokenizer.encode(text);
    return ids.length > 0 ? ids : refuse(`'${text}' has no tokens`);
  }
}
