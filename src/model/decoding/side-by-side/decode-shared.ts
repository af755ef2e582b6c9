import { setImmediate as nextTurn } from 'node:timers/promises';
import { CocaError } from '../../base/errors.js';
import { advance } from '../advance.js';
import { STOPPED } from '../decode.js';
import { candidatesNeeded } from '../needed.js';
import { retainedNodes } from '../results.js';
import { isDone, pendingRows, type SearchState } from '../state.js';
import type { TreeModel } from '../types.js';

/** Trees that stand at places. Without `replace`, none can be begun anew: they are released together. */
export interface SharedTrees<Image> extends TreeModel {
  readonly replace?: (place: number, image: Image) => Promise<void>;
}

/** What searches that come and go are run on. */
export interface SharedModel<Picture, Image> {
  /** Pictures as trees want them, in their order. */
  encode(pictures: readonly Picture[]): Promise<readonly Image[]>;
  open(images: readonly Image[]): Promise<SharedTrees<Image>>;
}

/** A search that may join others. */
export interface JoiningSearch<Picture> {
  readonly picture: Picture;
  /** @throws CocaError for a prompt that leaves no room: that is this search's own failure */
  readonly begin: (vocabSize: number) => SearchState;
  /** Told the state after each step. */
  readonly onStep?: ((state: SearchState) => void) | undefined;
  /** Once aborted, the search ends and leaves its place. */
  readonly signal?: AbortSignal | undefined;
}

export interface JoinedSearch {
  readonly state: SearchState;
  /** Milliseconds, its share of what was done for several: of being encoded, and of every step that it took part in. */
  readonly ms: { readonly encode: number; readonly decode: number };
}

interface Asked<Picture> extends JoiningSearch<Picture> {
  readonly resolve: (ended: JoinedSearch) => void;
  readonly reject: (error: unknown) => void;
}

/** One whose picture is encoded. */
interface Encoded<Picture, Image> {
  readonly asked: Asked<Picture>;
  readonly image: Image;
  readonly ms: number;
}

interface Running<Picture> {
  readonly asked: Asked<Picture>;
  state: SearchState;
  readonly ms: { readonly encode: number; decode: number };
}

type Places<Picture> = (Running<Picture> | undefined)[];

/**
 * Searches that come and go, each with options of its own, side by side in one step of the model: what is found of each is what it
 * finds alone. Trees are opened over the pictures that wait, `most` at most. A place that is free is given to the next, unless
 * more wait than have room and the trees are fewer than `most`, or half of the places would stay empty, which cost as much as others:
 * then these trees end, and others are opened. Pictures are encoded when a place is free and none is encoded yet, all that wait
 * together: by then there are more of them, and together they cost less.
 */
export class SharedDecoding<Picture, Image> {
  readonly #waiting: Asked<Picture>[] = [];
  readonly #encoded: Encoded<Picture, Image>[] = [];
  #isWorking = false;

  /**
   * @param most how many searches stand beside each other
   * @param atOnce how many pictures are encoded together
   */
  constructor(
    private readonly model: SharedModel<Picture, Image>,
    private readonly most: number,
    private readonly atOnce: number,
  ) {}

  /**
   * Runs a search to its end.
   * @throws CocaError `interrupted` once its signal is aborted, and what `begin`, `advance` and the model throw
   */
  run(search: JoiningSearch<Picture>): Promise<JoinedSearch> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...search, resolve, reject });
      if (!this.#isWorking) this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // Those that are asked for in the same moment begin together.
    await nextTurn();
    // Looked at in the very moment in which this ends: nobody would begin anew for one that comes while it is about to.
    while (this.#encoded.length + this.#waiting.length > 0) {
      const first = await this.#take(this.most);
      if (first.length === 0) continue;
      try {
        const trees = await this.model.open(first.map(({ image }) => image));
        await this.#runTrees(trees, first);
      } catch (error) {
        for (const { asked } of first) asked.reject(error);
      }
    }
    this.#isWorking = false;
  }

  /** The next ones that are still wanted, encoded. */
  async #take(count: number): Promise<Encoded<Picture, Image>[]> {
    const taken: Encoded<Picture, Image>[] = [];
    while (taken.length < count && this.#encoded.length + this.#waiting.length > 0) {
      if (this.#encoded.length === 0) await this.#encode();
      const next = this.#encoded.shift();
      if (next !== undefined && isWanted(next.asked)) taken.push(next);
    }
    return taken;
  }

  /** Encodes those that have waited longest. */
  async #encode(): Promise<void> {
    const some = this.#waiting.splice(0, this.atOnce).filter(isWanted);
    if (some.length === 0) return;
    const start = performance.now();
    try {
      const images = await this.model.encode(some.map(({ picture }) => picture));
      const ms = (performance.now() - start) / some.length;
      this.#encoded.push(...some.map((asked, i) => ({ asked, image: images[i]!, ms })));
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  async #runTrees(trees: SharedTrees<Image>, first: readonly Encoded<Picture, Image>[]): Promise<void> {
    const places: Places<Picture> = first.map((one) => begun(one, trees));
    try {
      for (;;) {
        await this.#refill(trees, places);
        for (const [place, one] of places.entries()) if (one && !isWanted(one.asked)) places[place] = undefined;
        const running = places.filter((one) => one !== undefined);
        if (running.length === 0) return;
        await step(trees, places, running);
        // Lets timers, input and signals have their turn, also when the model never waits.
        await nextTurn();
      }
    } catch (error) {
      // Those that have ended were answered already.
      for (const one of places) one?.asked.reject(error);
    } finally {
      trees.release();
    }
  }

  /** Gives free places to those that wait. */
  async #refill(trees: SharedTrees<Image>, places: Places<Picture>): Promise<void> {
    const free = places.filter((one) => one === undefined).length;
    const waiting = this.#encoded.length + this.#waiting.length;
    const isTooSmall = places.length < this.most && waiting > free;
    const isTooLarge = 2 * (places.length - free + waiting) <= places.length;
    if (trees.replace === undefined || isTooSmall || isTooLarge) return;
    for (const place of places.keys()) {
      if (places[place] !== undefined) continue;
      const [next] = await this.#take(1);
      if (next === undefined) return;
      try {
        await trees.replace(place, next.image);
      } catch (error) {
        next.asked.reject(error);
        throw error;
      }
      places[place] = begun(next, trees);
    }
  }
}

/** Whether a search is still wanted; one that is not is told so. */
function isWanted<Picture>({ signal, reject }: Asked<Picture>): boolean {
  if (!signal?.aborted) return true;
  reject(new CocaError('interrupted', STOPPED));
  return false;
}

function begun<Picture, Image>(
  { asked, ms }: Encoded<Picture, Image>,
  { vocabSize }: SharedTrees<Image>,
): Running<Picture> | undefined {
  try {
    return { asked, state: asked.begin(vocabSize), ms: { encode: ms, decode: 0 } };
  } catch (error) {
    asked.reject(error);
    return undefined;
  }
}

/** One step of all that run; those that have ended are answered, and leave their places. */
async function step<Picture, Image>(
  trees: SharedTrees<Image>,
  places: Places<Picture>,
  running: readonly Running<Picture>[],
): Promise<void> {
  const start = performance.now();
  const rows = places.map((one) => (one ? pendingRows(one.state) : []));
  const scores = await trees.extend(rows, candidatesNeeded(running.map(({ state }) => state)));
  const ms = (performance.now() - start) / running.length;
  for (const [place, one] of places.entries()) {
    if (one === undefined) continue;
    one.state = advance(one.state, scores[place]!);
    one.ms.decode += ms;
    one.asked.onStep?.(one.state);
    if (!isDone(one.state)) continue;
    one.asked.resolve(one);
    places[place] = undefined;
  }
  trees.retain?.(places.map((one) => (one ? retainedNodes(one.state) : [])));
}

/**
 * Ids that every hypothesis of a search begins with, those that have ended included: whatever the search finds, it finds
 * them. From the start token; to the end token where that is certain.
 */
export function certainIds({ groups }: SearchState): readonly number[] {
  const [first = [], ...others] = groups.flatMap(({ beams, finished }) =>
    [...finished, ...beams].map(({ ids }) => ids),
  );
  let length = first.length;
  for (const ids of others) {
    let same = 0;
    while (same < length && ids[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}
