import { Turns } from '../base/turns.js';

/** Lets work in while its cost, summed over all that runs, stays within a limit; the rest waits its turn. */
export class Budget {
  #used = 0;
  readonly #waiting: { readonly cost: number; readonly start: () => void }[] = [];

  constructor(private readonly limit: number) {}

  /** Runs `work` when there is room for `cost` (at most the limit). */
  async spend<T>(cost: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || this.#used + cost > this.limit) {
      await new Promise<void>((start) => this.#waiting.push({ cost, start }));
    } else {
      this.#used += cost;
    }
    try {
      return await work();
    } finally {
      this.#used -= cost;
      this.#admit();
    }
  }

  /** Starts those first in line for whom there is room. */
  #admit(): void {
    while (this.#waiting.length > 0 && this.#used + this.#waiting[0]!.cost <= this.limit) {
      const next = this.#waiting.shift()!;
      this.#used += next.cost;
      next.start();
    }
  }
}

/** The same for work in several threads: what they spend from is a counter in memory that they share. */
export class SharedBudget {
  readonly #used: Int32Array;
  /** Those of this thread, first come, first served. */
  readonly #turns = new Turns();

  /** @param counter four bytes: how much is spent, by all threads that were given them */
  constructor(
    private readonly limit: number,
    counter: SharedArrayBuffer,
  ) {
    this.#used = new Int32Array(counter);
  }

  /** Runs `work` when there is room for `cost` (at most the limit). */
  async spend<T>(cost: number, work: () => Promise<T>): Promise<T> {
    await this.#turns.take(() => this.#reserve(cost));
    try {
      return await work();
    } finally {
      Atomics.sub(this.#used, 0, cost);
      Atomics.notify(this.#used, 0);
    }
  }

  async #reserve(cost: number): Promise<void> {
    for (;;) {
      const used = Atomics.load(this.#used, 0);
      if (used + cost > this.limit) await Atomics.waitAsync(this.#used, 0, used).value;
      else if (Atomics.compareExchange(this.#used, 0, used, used + cost) === used) return;
    }
  }
}
