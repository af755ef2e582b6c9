import type { ImageEncoding } from '../../model/api.js';
import { AttentionMaps, DEFAULT_MAP, entropyOf, peakOf } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import { Lru } from '../../model/base/lru.js';
import { Turns } from '../../model/base/turns.js';
import { gridSize } from '../../model/config/config.js';
import type { Picture } from '../../model/image/picture.js';
import {
  type Action,
  actionsOf,
  type FoundToken,
  findTokens,
  hypothesesOf,
  type Stepper,
  standingOf,
} from '../../model/stepper/index.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { WordMap } from '../../ui/attend/source.js';
import type { FoundView, StepRequest, StepSnapshot, StepSource } from '../../ui/step/source.js';
import { visible } from '../../ui/text.js';
import { optionChange } from './script.js';
import { Snapshots } from './snapshot.js';
import type { Walker } from './walk.js';

/** Texts whose attention is kept: some megabytes each. */
const REMEMBERED = 8;

export interface SourceOptions {
  readonly image: string;
  readonly picture: Picture;
  readonly coca: LoadedCoca;
  readonly walker: Walker;
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
  readonly #snapshots: Snapshots;
  readonly #listeners = new Set<() => void>();
  readonly #maps = new Lru<string, AttentionMaps>();
  #vocabulary: readonly string[] | undefined;
  #watched: Promise<ImageEncoding> | undefined;
  #current: StepSnapshot;
  #running: AbortController | undefined;
  #isLeft = false;
  /** What had been done when it was saved, or opened. */
  #saved: string;
  readonly #turns = new Turns();

  private constructor(
    private readonly options: SourceOptions,
    snapshots: Snapshots,
    current: StepSnapshot,
  ) {
    const { image, coca, picture } = options;
    this.image = visible(image);
    this.model = visible(`${coca.name} on ${coca.device}`);
    this.picture = picture;
    this.grid = gridSize(coca.config);
    this.#snapshots = snapshots;
    this.#current = current;
    this.#saved = this.#done();
  }

  /** Looks at where the walk stands, so that there is something to show at once. */
  static async open(options: SourceOptions): Promise<WalkSource> {
    const { stepper } = options.walker;
    const snapshots = new Snapshots(options.coca.tokenizer);
    return new WalkSource(options, snapshots, snapshots.of(stepper.session, await previewOf(stepper)));
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

  async find(query: string, most: number): Promise<readonly FoundView[]> {
    const { chosen } = this.options.walker;
    if (chosen.kind === 'finished') return [];
    const logits = await this.options.walker.stepper.logits(chosen.text);
    const found = (token: FoundToken): FoundView => ({
      ...token,
      ids: [token.id],
      text: this.#snapshots.labelOf(token.id),
    });
    this.#vocabulary ??= this.#readVocabulary();
    const tokens = findTokens(query, this.#vocabulary, logits, most).map(found);
    return [...this.#asTyped(query, logits), ...tokens];
  }

  async attention(hypothesis: number, back: number): Promise<WordMap | undefined> {
    const { text } = hypothesesOf(this.options.walker.line)[hypothesis] ?? {};
    const place = (text?.ids.length ?? 0) - 1 - back;
    if (text === undefined || place < 1) return undefined;
    const maps = await this.#mapsOf(text.ids);
    const map = maps.ofRows([place - 1], DEFAULT_MAP);
    return { map, peak: peakOf(map, maps.grid), entropy: entropyOf(map) };
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
    const byHand = actionsOf(this.options.walker.stepper.session).some(({ type }) => type !== 'next');
    return byHand && !this.options.isKept && this.#done() !== this.#saved;
  }

  #done(): string {
    return JSON.stringify(actionsOf(this.options.walker.stepper.session));
  }

  async #perform(request: StepRequest): Promise<string> {
    const { walker } = this.options;
    const { session } = walker.stepper;
    switch (request.type) {
      case 'next':
        await walker.next();
        return '';
      case 'prune': {
        const { chosen } = walker;
        await walker.prune();
        return chosen.kind === 'live' ? `beam ${chosen.number} is pruned` : '';
      }
      case 'next-line':
        await walker.nextLine();
        return walker.stepper.session.walk.lines.length > 1 ? '' : 'there is one line; b forks off another';
      case 'choose':
        await walker.chooseBy(request.by);
        return '';
      case 'undo':
        await walker.undo();
        return `undone: ${this.#describe(session.past.at(-1)!.action)}`;
      case 'redo':
        await walker.redo();
        return `done again: ${this.#describe(session.future[0]!.action)}`;
      case 'first':
      case 'last':
        return this.#toTheEnd(request.type === 'first' ? 'undo' : 'redo');
      case 'run':
        return this.#run();
      case 'force':
        await walker.force(request);
        return '';
      case 'force-found': {
        const found = (await this.find(request.query, request.match + 1))[request.match];
        if (found === undefined) throw new CocaError('usage', `no token holds '${request.query}'`);
        await walker.force(found);
        return '';
      }
      case 'fork': {
        const { chosen, line } = walker;
        const ids = chosen.text.ids.length - (chosen.text.ids.at(-1) === line.state.special.eot ? 1 : 0);
        const step = Math.min(ids, chosen.text.ids.length - request.back) - line.state.promptLength;
        await walker.fork(undefined, step);
        return 'a line of its own; Tab goes from line to line';
      }
      case 'set': {
        const changes = Object.entries(request.options).map(([name, value]) => optionChange(name, value));
        if (changes.length > 0) await walker.set(Object.assign({}, ...changes));
        return '';
      }
    }
  }

  async #toTheEnd(direction: 'undo' | 'redo'): Promise<string> {
    const { walker } = this.options;
    const count = (): number => walker.stepper.session[direction === 'undo' ? 'past' : 'future'].length;
    while (count() > 0) await walker[direction]();
    return '';
  }

  async #run(): Promise<string> {
    const { walker } = this.options;
    const running = new AbortController();
    this.#running = running;
    while (!walker.isDone) {
      if (running.signal.aborted) return 'stopped';
      await walker.next();
      await this.#refresh();
    }
    return '';
  }

  async #refresh(): Promise<void> {
    const { stepper } = this.options.walker;
    const preview = await previewOf(stepper);
    this.#current = this.#snapshots.of(stepper.session, preview);
    for (const listener of this.#listeners) listener();
  }

  #inTurn(work: () => Promise<string>): Promise<string> {
    return this.#turns.take(() => (this.#isLeft ? '' : work()));
  }

  #describe(action: Action): string {
    switch (action.type) {
      case 'force':
        return `force ${this.#snapshots.labelOf(action.token)}`;
      case 'set':
        return `options ${Object.keys(action.options).join(', ')}`;
      case 'next':
        return 'a step';
      default:
        return action.type;
    }
  }

  #readVocabulary(): readonly string[] {
    const { tokenizer } = this.options.coca;
    return Array.from({ length: tokenizer.vocabSize }, (_, id) => visible(tokenizer.tokenText(id)));
  }

  /** What was typed as the tokenizer splits it, where that is more than one token. */
  #asTyped(query: string, logits: Float32Array): FoundView[] {
    const { tokenizer } = this.options.coca;
    const ids = query.trim() === '' ? [] : tokenizer.encode(query);
    if (ids.length < 2) return [];
    const { logprob, rank } = standingOf(ids[0]!, logits);
    return [{ ids, text: ids.map((id) => this.#snapshots.labelOf(id)).join(''), logprob, rank }];
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

/** What the next step would weigh; nothing where it cannot be taken (rules that ban every token): taking it says why. */
async function previewOf(stepper: Stepper): ReturnType<Stepper['preview']> {
  try {
    return await stepper.preview();
  } catch (error) {
    if (error instanceof CocaError && error.code === 'usage') return [];
    throw error;
  }
}
