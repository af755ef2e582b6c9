import { setImmediate as nextTurn } from 'node:timers/promises';
import { stopIfAborted } from '../../base/errors.js';
import { advance } from '../advance.js';
import { STOPPED } from '../decode.js';
import { candidatesNeeded } from '../needed.js';
import { retainedNodes } from '../results.js';
import { isDone, pendingRows, type SearchState } from '../state.js';
import type { TreeModel } from '../types.js';

/** A model whose trees stand at places: each can be begun anew for another picture while the others go on. */
export interface TreePlaces<Image> extends TreeModel {
  /** Frees a place, and begins a tree over another picture there. */
  replace(place: number, image: Image): Promise<void>;
}

/** The search of one picture, done. */
export interface EndedSearch<Image> {
  readonly image: Image;
  readonly state: SearchState;
  /** Milliseconds: of every step that it took part in, its share. */
  readonly ms: number;
}

interface Running<Image> {
  readonly image: Image;
  /** Which of all the pictures it is. */
  readonly index: number;
  state: SearchState;
  ms: number;
}

/**
 * Runs a search for each of many pictures, several side by side: a picture whose search has ended leaves its place to the
 * next, so that calls of the model stay full until pictures run out. Results are those of each search alone.
 *
 * @param model released in the end
 * @param first the pictures that its trees begin with, in the order of its places
 * @param others those after them. They are waited for only when nothing else can be done.
 * @returns the ended searches, in the order of the pictures: one that ends before its turn is kept until then
 * @throws CocaError `interrupted`, whatever `advance` and the model throw, and, after the pictures before it, what `others` throws
 */
export async function* decodeEach<Image>(
  model: TreePlaces<Image>,
  first: readonly Image[],
  others: AsyncIterator<Image>,
  begin: () => SearchState,
  signal?: AbortSignal,
): AsyncGenerator<EndedSearch<Image>> {
  const source = new Upcoming(others);
  const places: (Running<Image> | undefined)[] = first.map((image, index) => ({ image, index, state: begin(), ms: 0 }));
  const ended = new Map<number, EndedSearch<Image>>();
  let begun = first.length;
  let given = 0;
  try {
    for (;;) {
      for (const [place, held] of places.entries()) {
        if (held !== undefined) continue;
        const isIdle = places.every((other) => other === undefined);
        const next = await source.take(isIdle);
        if (next === undefined) break;
        await model.replace(place, next.image);
        places[place] = { image: next.image, index: begun++, state: begin(), ms: 0 };
      }
      const running = places.filter((one) => one !== undefined);
      if (running.length === 0) break;
      stopIfAborted(signal, STOPPED);
      const start = performance.now();
      const rows = places.map((one) => (one ? pendingRows(one.state) : []));
      const scores = await model.extend(rows, candidatesNeeded(running.map(({ state }) => state)));
      stopIfAborted(signal, STOPPED);
      for (const [place, one] of places.entries()) if (one) one.state = advance(one.state, scores[place]!);
      const ms = (performance.now() - start) / running.length;
      for (const one of running) one.ms += ms;
      for (const [place, one] of places.entries()) {
        if (one === undefined || !isDone(one.state)) continue;
        ended.set(one.index, one);
        places[place] = undefined;
      }
      model.retain?.(places.map((one) => (one ? retainedNodes(one.state) : [])));
      for (let next = ended.get(given); next !== undefined; next = ended.get(++given)) {
        ended.delete(given);
        yield next;
      }
      // Lets timers, input and the signal have their turn, also when the model never waits.
      await nextTurn();
    }
    source.throwIfFailed();
  } finally {
    model.release();
  }
}

/** What an iterator gives, asked for ahead. */
class Upcoming<T> {
  #asked: Promise<IteratorResult<T>> | undefined;
  #isEmpty = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly iterator: AsyncIterator<T>) {}

  /** The next item; undefined where there is none, or, without `wait`, none yet. */
  async take(wait: boolean): Promise<{ readonly image: T } | undefined> {
    if (this.#isEmpty) return undefined;
    this.#asked ??= this.#ask();
    const answer = wait ? await this.#asked : await Promise.race([this.#asked, nextTurn(undefined)]);
    if (answer === undefined) return undefined;
    this.#asked = undefined;
    if (answer.done) {
      this.#isEmpty = true;
      return undefined;
    }
    return { image: answer.value };
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #ask(): Promise<IteratorResult<T>> {
    try {
      return await this.iterator.next();
    } catch (error) {
      this.#failure = { error };
      return { done: true, value: undefined };
    }
  }
}
