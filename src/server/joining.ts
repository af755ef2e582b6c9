interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** What is asked for while something is computed is computed together when that is done; nothing waits for company. */
export class Joining<Item, Result> {
  readonly #waiting: Waiting<Item, Result>[] = [];
  #isWorking = false;

  /**
   * @param compute a result for each item, in their order
   * @param most how many it takes at a time
   */
  constructor(
    private readonly compute: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly most: number,
  ) {}

  run(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isWorking) this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, this.most);
      try {
        const results = await this.compute(some.map(({ item }) => item));
        for (const [i, { resolve }] of some.entries()) resolve(results[i]!);
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.#isWorking = false;
  }
}
