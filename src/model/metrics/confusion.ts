/** How often each class was taken for each other. */
export class Confusion {
  readonly #counts: number[][];

  constructor(private readonly labels: readonly string[]) {
    this.#counts = labels.map(() => labels.map(() => 0));
  }

  add(target: number, predicted: number): void {
    this.#counts[target]![predicted]!++;
  }

  /** Rows are what pictures show, columns what they were taken for. */
  get table(): { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] } {
    return { labels: this.labels, counts: this.#counts };
  }

  /** `recall_of_LABEL` of each class that occurs, and `LABEL_taken_for_OTHER`, a count, where that happened. */
  metrics(): Readonly<Record<string, number>> {
    const recalls = this.labels.flatMap((label, i) => {
      const seen = this.#counts[i]!.reduce((sum, count) => sum + count, 0);
      return seen === 0 ? [] : [[`recall_of_${label}`, this.#counts[i]![i]! / seen] as const];
    });
    const mistakes = this.labels.flatMap((label, i) =>
      this.labels.flatMap((other, j) => {
        const count = this.#counts[i]![j]!;
        return i === j || count === 0 ? [] : [[`${label}_taken_for_${other}`, count] as const];
      }),
    );
    return Object.fromEntries([...recalls, ...mistakes]);
  }
}
