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
