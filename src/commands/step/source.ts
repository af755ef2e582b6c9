import type { ImageEncoding } from '../../model/api.js';
import { AttentionMaps, DEFAULT_MAP, type MeasuredMap, measureMap } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import { Lru } from '../../model/base/lru.js';
import { Turns } from '../../model/base/turns.js';
import { gridSize } from '../../model/config/config.js';
import { isDone } from '../../model/decoding/index.js';
import type { ChangeableName } from '../../model/decoding/knobs.js';
import type { Picture } from '../../model/image/picture.js';
import {
  type Action,
  actionsOf,
  chosenOf,
  currentLine,
  findTokens,
  hypothesesOf,
  performVerb,
  type Session,
  type Stepper,
  standingOf,
  type Verb,
} from '../../model/stepper/index.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { TokenTexts } from '../../ui/step/lines/token-texts.js';
import type { Found, StepRequest, StepSnapshot, StepSource } from '../../ui/step/source.js';
import { visible, whatRuns } from '../../ui/text.js';
import { optionChange } from './script.js';

/** Texts whose attention is kept: some megabytes each. */
const REMEMBERED = 8;

export interface SourceOptions {
  readonly image: string;
  readonly picture: Picture;
  readonly coca: LoadedCoca;
  readonly stepper: Stepper;
  /** Writes the session somewhere and says where. */
  readonly save: () => Promise<string>;
  /** Whether the session is saved when the view is left, without being asked. */
  readonly isKept: boolean;
}

/** A walk as the view sees it. */
export class WalkSource implements StepSource {
  readonly image: string;
  readonly model: string;
  readonly picture: Picture;
  readonly grid: number;
  readonly #listeners = new Set<() => void>();
  readonly #maps = new Lru<string, AttentionMaps>();
  #watched: Promise<ImageEncoding> | undefined;
  #current: StepSnapshot;
  #running: AbortController | undefined;
  #isLeft = false;
  /** What had been done when it was saved, or opened. */
  #saved: string;
  readonly #turns = new Turns();

  private constructor(
    private readonly options: SourceOptions,
    current: StepSnapshot,
  ) {
    ({ image: this.image, model: this.model } = namesOf(options));
    this.picture = options.picture;
    this.grid = gridSize(options.coca.config);
    this.#current = current;
    this.#saved = this.#done();
  }

  /** Looks at where the walk stands, so that there is something to show at once. */
  static async open(options: SourceOptions): Promise<WalkSource> {
    return new WalkSource(options, await snapshotOf(options));
  }

  readonly snapshot = (): StepSnapshot => this.#current;

  readonly subscribe = (onChange: () => void): (() => void) => {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  };

  perform(request: StepRequest): Promise<string> {
    return this.#inTurn(async () => {
      try {
        return await this.#perform(request);
      } catch (error) {
        if (!(error instanceof CocaError)) throw error;
        throw new Error(error.hint === undefined ? error.message : `${error.message}: ${error.hint}`);
      } finally {
        await this.#refresh();
      }
    });
  }

  stop(): void {
    this.#running?.abort();
  }

  /** Ends what runs, and forgets what was asked but not begun. */
  leave(): void {
    this.#isLeft = true;
    this.stop();
  }

  async find(query: string, most: number): Promise<readonly Found[]> {
    const { stepper, coca } = this.options;
    const chosen = chosenOf(currentLine(stepper.session));
    if (chosen.kind === 'finished') return [];
    const scores = await stepper.scores(chosen.text);
    const found = findTokens(query, this.#current.texts.vocabulary, scores, most);
    // What was typed as the tokenizer splits it, where that is more than one token.
    const typed = query.trim() === '' ? [] : coca.tokenizer.encode(query);
    const whole = typed.length > 1 ? [{ ids: typed, ...standingOf(typed[0]!, scores) }] : [];
    return [...whole, ...found.map((token) => ({ ...token, ids: [token.id] }))];
  }

  async attention(hypothesis: number, back: number): Promise<MeasuredMap | undefined> {
    const { text } = hypothesesOf(currentLine(this.options.stepper.session))[hypothesis] ?? {};
    const place = (text?.ids.length ?? 0) - 1 - back;
    if (text === undefined || place < 1) return undefined;
    const maps = await this.#mapsOf(text.ids);
    return measureMap(maps.ofRows([place - 1], DEFAULT_MAP), maps.grid);
  }

  save(): Promise<string> {
    return this.#inTurn(async () => {
      const done = this.#done();
      const said = await this.options.save();
      this.#saved = done;
      return said;
    });
  }

  /** Plain steps are no loss: the search takes them again. */
  isUnsaved(): boolean {
    const byHand = actionsOf(this.options.stepper.session).some(({ type }) => type !== 'next');
    return byHand && !this.options.isKept && this.#done() !== this.#saved;
  }

  #done(): string {
    return JSON.stringify(actionsOf(this.options.stepper.session));
  }

  async #perform(request: StepRequest): Promise<string> {
    const { stepper, coca } = this.options;
    if (request.type === 'run') return this.#run();
    const before = stepper.session;
    const verb = await this.#verbOf(request);
    await performVerb(stepper, verb, coca.tokenizer);
    return this.#said(verb, before);
  }

  async #verbOf(request: StepRequest): Promise<Verb> {
    switch (request.type) {
      case 'force-found': {
        const found = (await this.find(request.query, request.match + 1))[request.match];
        if (found === undefined) throw new CocaError('usage', `no token holds '${request.query}'`);
        return { type: 'force', target: found };
      }
      case 'set-typed': {
        const changes = Object.entries(request.options).map(([name, value]) =>
          optionChange(name as ChangeableName, value),
        );
        return { type: 'set', options: Object.assign({}, ...changes) };
      }
      default:
        return request;
    }
  }

  /** What there is to say of what was done. */
  #said(verb: Verb, before: Session): string {
    const chosen = chosenOf(currentLine(before));
    switch (verb.type) {
      case 'prune':
        return chosen.kind === 'live' ? `beam ${chosen.number} is pruned` : '';
      case 'line':
        return before.walk.lines.length > 1 ? '' : 'there is one line; b forks off another';
      case 'undo':
        return verb.times === 'all' ? '' : `undone: ${this.#describe(before.past.at(-1)!.action)}`;
      case 'redo':
        return verb.times === 'all' ? '' : `done again: ${this.#describe(before.future[0]!.action)}`;
      case 'fork':
        return 'a line of its own; Tab goes from line to line';
      default:
        return '';
    }
  }

  /** A step at a time, each of which is shown. */
  async #run(): Promise<string> {
    const { stepper, coca } = this.options;
    const running = new AbortController();
    this.#running = running;
    while (!isDone(currentLine(stepper.session).state)) {
      if (running.signal.aborted) return 'stopped';
      await performVerb(stepper, { type: 'next' }, coca.tokenizer);
      await this.#refresh();
    }
    return '';
  }

  async #refresh(): Promise<void> {
    this.#current = await snapshotOf(this.options, this.#current.texts);
    for (const listener of this.#listeners) listener();
  }

  #inTurn(work: () => Promise<string>): Promise<string> {
    return this.#turns.take(() => (this.#isLeft ? '' : work()));
  }

  #describe(action: Action): string {
    switch (action.type) {
      case 'force':
        return `force ${this.#current.texts.label(action.token)}`;
      case 'set':
        return `options ${Object.keys(action.options).join(', ')}`;
      case 'next':
        return 'a step';
      default:
        return action.type;
    }
  }

  /** What a text attended to, at each of its tokens; computed when it is first looked at. */
  async #mapsOf(ids: readonly number[]): Promise<AttentionMaps> {
    const { coca, picture } = this.options;
    const key = ids.join();
    const known = this.#maps.get(key);
    if (known) return known;
    this.#watched ??= coca.encodeImages([picture], { attention: true }).catch((error: unknown) => {
      // The next time is another try.
      this.#watched = undefined;
      throw error;
    });
    const maps = new AttentionMaps(await coca.attend(await this.#watched, ids, { gradient: true }), coca.config);
    this.#maps.set(key, maps);
    this.#maps.trim(REMEMBERED);
    return maps;
  }
}

/** What a walk is about, to be shown. */
export const namesOf = ({ image, coca }: Pick<SourceOptions, 'image' | 'coca'>) => ({
  image: visible(image),
  model: whatRuns(coca),
});

/** Where a walk stands. A step that cannot be taken (rules ban every token) weighs nothing: who tries it is told why. */
export async function snapshotOf(
  { stepper, coca }: Pick<SourceOptions, 'stepper' | 'coca'>,
  texts = new TokenTexts(coca.tokenizer),
): Promise<StepSnapshot> {
  const preview = await stepper.preview().catch((error: unknown) => {
    if (error instanceof CocaError && error.code === 'usage') return [];
    throw error;
  });
  return { session: stepper.session, preview, texts };
}
