import { Refusal } from './refusal.js';

/** What a request is given to work with. */
export interface Admitted {
  /** Aborted when its client has gone, its time is over, or the server ends. */
  readonly signal: AbortSignal;
  /** Says that its client has gone. */
  readonly leave: () => void;
}

/** When a client that was turned away may come again, in seconds: a picture takes a part of one. */
const RETRY_AFTER = 1;

/** Counts the requests that are worked on or wait for the model, and turns away what is too many. */
export class Queue {
  #running = 0;
  #isClosed = false;
  readonly #end = new AbortController();
  #onEmpty: (() => void) | undefined;

  /**
   * @param limit how many are let in at a time
   * @param timeoutMs how long one may take, from when it is let in
   */
  constructor(
    private readonly limit: number,
    private readonly timeoutMs: number,
  ) {}

  get running(): number {
    return this.#running;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Works on a request.
   * @throws Refusal 429 when there are too many, 503 once the queue is closed, 504 when it took too long; what `work` throws
   */
  async run<T>(work: (admitted: Admitted) => Promise<T>): Promise<T> {
    this.refuseIfClosed();
    if (this.#running >= this.limit) {
      throw new Refusal(429, 'busy', `${this.limit} requests are worked on, which is as many as wait`, {
        hint: 'try again in a moment, or start the server with a longer --queue',
        retryAfter: RETRY_AFTER,
      });
    }
    const gone = new AbortController();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.timeoutMs);
    const signal = AbortSignal.any([gone.signal, late.signal, this.#end.signal]);
    this.#running++;
    try {
      return await work({ signal, leave: () => gone.abort() });
    } catch (error) {
      if (late.signal.aborted) throw tooLate(this.timeoutMs);
      if (this.#end.signal.aborted) throw ending();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#running--;
      if (this.#running === 0) this.#onEmpty?.();
    }
  }

  /** @throws Refusal 503 once the queue is closed */
  refuseIfClosed(): void {
    if (this.#isClosed) throw ending();
  }

  /**
   * Lets no more in, and waits for those that are in; what is not done after `graceMs`, or when `now` is aborted, is stopped.
   * @returns how many were stopped
   */
  async close(graceMs: number, now?: AbortSignal): Promise<number> {
    this.#isClosed = true;
    if (this.#running === 0) return 0;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    let stopped = 0;
    const stop = (): void => {
      stopped = this.#running;
      this.#end.abort();
    };
    const timer = setTimeout(stop, graceMs);
    now?.addEventListener('abort', stop, { once: true });
    await empty;
    clearTimeout(timer);
    return stopped;
  }
}

const ending = (): Refusal => new Refusal(503, 'ending', 'the server ends, and takes no more requests');

const tooLate = (ms: number): Refusal =>
  new Refusal(504, 'timeout', `not done within ${ms / 1000} s`, {
    hint: 'ask for less, or start the server with a longer --timeout',
  });
