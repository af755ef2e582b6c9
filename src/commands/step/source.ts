import { AttentionMaps, DEFAULT_MAP, type MeasuredMap, measureMap } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import { Lru } from '../../model/base/lru.js';
import { Turns } from '../../model/base/turns.js';
import { gridSize } from '../../model/config/config.js';
import { isDone } from '../../model/decoding/index.js';
import type { ChangeableName } from '../../model/decoding/knobs.js';
import type { Picture } from '../../model/image/picture.js';
import { describeSites } from '../../model/interventions/sites.js';
import {
  type Action,
  actionsOf,
  changeName,
  changeOf,
  chosenOf,
  currentLine,
  describePatchSites,
  findTokens,
  hypothesesOf,
  isChange,
  type Moved,
  performVerb,
  type Seen,
  type Session,
  type Stepper,
  standingOf,
  stemOf,
  type Verb,
  type WalkChange,
  type WalkModels,
} from '../../model/stepper/index.js';
import { wordsOf } from '../../model/tokenizer/words.js';
import { TokenTexts } from '../../ui/step/lines/token-texts.js';
import type { Found, StepRequest, StepSnapshot, StepSource } from '../../ui/step/source.js';
import { visible, whatRuns } from '../../ui/text.js';
import type { CaptioningCoca } from '../io/model.js';
import { readChange } from './change-words.js';
import { optionChange } from './script.js';

/** Texts whose attention is kept: some megabytes each. */
const REMEMBERED = 8;

export interface SourceOptions {
  readonly image: string;
  readonly picture: Picture;
  readonly coca: CaptioningCoca;
  readonly stepper: Stepper;
  readonly models: WalkModels;
  /** Writes the session somewhere and says where. */
  readonly save: () => Promise<string>;
  /** Whether the session is saved when the view is left, without being asked. */
  readonly isKept: boolean;
}

/** A walk as the view sees it. */
export class WalkSource implements StepSource {
  readonly image: string;
  readonly model: string;
  readonly grid: number;
  readonly sites: StepSource['sites'];
  /** What is seen in the current line, and in others. */
  #picture: Picture;
  readonly #pictures = new Lru<string, Picture>();
  readonly #listeners = new Set<() => void>();
  readonly #maps = new Lru<string, AttentionMaps>();
  readonly #watched = new Lru<string, Seen>();
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
    this.#picture = options.picture;
    const { config } = options.coca;
    this.grid = gridSize(config);
    this.sites = { ablate: describeSites(config), patch: describePatchSites(config) };
    this.#current = current;
    this.#saved = this.#done();
  }

  /** Looks at where the walk stands, so that there is something to show at once. */
  static async open(options: SourceOptions): Promise<WalkSource> {
    const source = new WalkSource(options, await snapshotOf(options));
    source.#picture = await source.#pictureOf(currentLine(source.#current.session).changes);
    return source;
  }

  get picture(): Picture {
    return this.#picture;
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
    const line = currentLine(this.options.stepper.session);
    const { text } = hypothesesOf(line)[hypothesis] ?? {};
    const place = (text?.ids.length ?? 0) - 1 - back;
    if (text === undefined || place < 1) return undefined;
    const maps = await this.#mapsOf(text.ids, line.changes);
    return measureMap(maps.ofRows([place - 1], DEFAULT_MAP), maps.grid);
  }

  async moved(hypothesis: number, back: number): Promise<readonly Moved[]> {
    const { stepper } = this.options;
    const { text } = hypothesesOf(currentLine(stepper.session))[hypothesis] ?? {};
    const length = (text?.ids.length ?? 0) - back;
    return text === undefined || length < 1 ? [] : stepper.moved(stemOf(text, length));
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
      case 'change-typed':
        return this.#changeOf(request);
      default:
        return request;
    }
  }

  #changeOf({ verb, text, back }: Extract<StepRequest, { type: 'change-typed' }>): Verb {
    const typed = text.trim();
    if (verb !== 'erase' || typed !== '') return { type: 'change', change: readChange(verb, typed), back };
    const { ids } = chosenOf(currentLine(this.options.stepper.session)).text;
    const none = Array<number>(ids.length - 1).fill(0);
    const words = wordsOf(ids, none, this.options.coca.tokenizer);
    const spoken = words.filter(({ special }) => !special);
    const at = spoken.findIndex(({ positions }) => positions.includes(ids.length - 1 - back));
    if (at < 0)
      throw new CocaError('usage', 'no word is in brackets', '[ and ] choose one; or type what is to be erased');
    const before = ids.length - spoken[at]!.positions[0]!;
    return { type: 'change', change: { type: 'erase', region: { word: String(at + 1) } }, back: before };
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
      case 'change':
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
    this.#picture = await this.#pictureOf(currentLine(this.#current.session).changes);
    for (const listener of this.#listeners) listener();
  }

  async #pictureOf(changes: readonly WalkChange[]): Promise<Picture> {
    if (changes.length === 0) return this.options.picture;
    const key = JSON.stringify(changes);
    const known = this.#pictures.get(key) ?? (await this.options.models.pictureOf(changes));
    this.#pictures.set(key, known);
    this.#pictures.trim(REMEMBERED);
    return known;
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
        return isChange(action) ? changeName(changeOf(action)) : action.type;
    }
  }

  /** What a text attended to under changes, at each of its tokens; computed when it is first looked at. */
  async #mapsOf(ids: readonly number[], changes: readonly WalkChange[]): Promise<AttentionMaps> {
    const under = JSON.stringify(changes);
    const key = `${under} ${ids.join()}`;
    const known = this.#maps.get(key);
    if (known) return known;
    const seen = this.#watched.get(under) ?? (await this.options.models.see(changes, true));
    this.#watched.set(under, seen);
    this.#watched.trim(2);
    const maps = new AttentionMaps(await seen.coca.attend(seen.image, ids, { gradient: true }), seen.coca.config);
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
  const chosen = chosenOf(currentLine(stepper.session)).text;
  const { special } = coca.tokenizer;
  const length = chosen.ids.length - (chosen.ids.at(-1) === special.eot ? 1 : 0);
  return { session: stepper.session, preview, moved: await stepper.moved(stemOf(chosen, length)), texts };
}
