/** Does one thing after the other, in the order in which they were asked for, whether or not the earlier ones succeed. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins `work` once everything before it has ended. Fails as it does. */
  take<R>(work: () => R | PromiseLike<R>): Promise<R> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
