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

/** A search that may join others. */
export interface JoiningSearch<Image> {
  readonly image: Image;
  /** @throws CocaError for a prompt that leaves no room: that is this search's own failure */
  readonly begin: (vocabSize: number) => SearchState;
  /** Told the state after each step. */
  readonly onStep?: ((state: SearchState) => void) | undefined;
  /** Once aborted, the search ends and leaves its place. */
  readonly signal?: AbortSignal | undefined;
}

export interface JoinedSearch {
  readonly state: SearchState;
  /** Milliseconds: of every step that it took part in, its share. */
  readonly ms: number;
}

interface Asked<Image> extends JoiningSearch<Image> {
  readonly resolve: (ended: JoinedSearch) => void;
  readonly reject: (error: unknown) => void;
}

interface Running<Image> {
  readonly asked: Asked<Image>;
  state: SearchState;
  ms: number;
}

/**
 * Searches that come and go, each with options of its own, side by side in one step of the model: what is found of each is what it
 * finds alone. Trees are opened over the pictures that wait, `most` at most. A place that is free is given to the next, unless
 * more wait than have room and the trees are fewer than `most`, or half of the places would stay empty, which cost as much as others:
 * then these trees end, and others are opened.
 */
export class SharedDecoding<Image> {
  readonly #waiting: Asked<Image>[] = [];
  #isWorking = false;

  constructor(
    private readonly open: (images: readonly Image[]) => Promise<SharedTrees<Image>>,
    private readonly most: number,
  ) {}

  /**
   * Runs a search to its end.
   * @throws CocaError `interrupted` once its signal is aborted, and what `begin`, `advance` and the model throw
   */
  run(search: JoiningSearch<Image>): Promise<JoinedSearch> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...search, resolve, reject });
      if (!this.#isWorking) this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // Those that are asked for in the same moment begin together.
    await nextTurn();
    for (let first = this.#take(this.most); first.length > 0; first = this.#take(this.most)) {
      try {
        const trees = await this.open(first.map(({ image }) => image));
        await this.#runTrees(trees, first);
      } catch (error) {
        for (const { reject } of first) reject(error);
      }
    }
    this.#isWorking = false;
  }

  /** The next ones that are still wanted. */
  #take(count: number): Asked<Image>[] {
    const taken: Asked<Image>[] = [];
    while (taken.length < count && this.#waiting.length > 0) {
      const next = this.#waiting.shift()!;
      if (next.signal?.aborted) next.reject(new CocaError('interrupted', STOPPED));
      else taken.push(next);
    }
    return taken;
  }

  async #runTrees(trees: SharedTrees<Image>, first: readonly Asked<Image>[]): Promise<void> {
    const begun = (asked: Asked<Image>): Running<Image> | undefined => {
      try {
        return { asked, state: asked.begin(trees.vocabSize), ms: 0 };
      } catch (error) {
        asked.reject(error);
        return undefined;
      }
    };
    const places = first.map(begun);
    try {
      for (;;) {
        await this.#refill(trees, places, begun);
        dropUnwanted(places);
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
  async #refill(
    trees: SharedTrees<Image>,
    places: (Running<Image> | undefined)[],
    begun: (asked: Asked<Image>) => Running<Image> | undefined,
  ): Promise<void> {
    const free = places.filter((one) => one === undefined).length;
    const isTooSmall = places.length < this.most && this.#waiting.length > free;
    const isTooLarge = 2 * (places.length - free + this.#waiting.length) <= places.length;
    if (trees.replace === undefined || isTooSmall || isTooLarge) return;
    for (const place of places.keys()) {
      if (places[place] !== undefined) continue;
      const [next] = this.#take(1);
      if (next === undefined) return;
      try {
        await trees.replace(place, next.image);
      } catch (error) {
        next.reject(error);
        throw error;
      }
      places[place] = begun(next);
    }
  }
}

function dropUnwanted<Image>(places: (Running<Image> | undefined)[]): void {
  for (const [place, one] of places.entries()) {
    if (!one?.asked.signal?.aborted) continue;
    one.asked.reject(new CocaError('interrupted', STOPPED));
    places[place] = undefined;
  }
}

/** One step of all that run; those that have ended are answered, and leave their places. */
async function step<Image>(
  trees: SharedTrees<Image>,
  places: (Running<Image> | undefined)[],
  running: readonly Running<Image>[],
): Promise<void> {
  const start = performance.now();
  const rows = places.map((one) => (one ? pendingRows(one.state) : []));
  const scores = await trees.extend(rows, candidatesNeeded(running.map(({ state }) => state)));
  const ms = (performance.now() - start) / running.length;
  for (const [place, one] of places.entries()) {
    if (one === undefined) continue;
    one.state = advance(one.state, scores[place]!);
    one.ms += ms;
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
