/** By the names that CLIP_benchmark gives them. */
export interface ClassificationMetrics {
  readonly acc1: number;
  /** Null with fewer than five classes. */
  readonly acc5: number | null;
  /** Mean over the classes that occur of the part of their pictures that is recognised. */
  readonly mean_per_class_recall: number;
}

/** Counts how often the right class is first, and among the first five. */
export class ClassificationCount {
  #first = 0;
  #amongFive = 0;
  readonly #ofClass: { seen: number; right: number }[];

  constructor(private readonly classes: number) {
    this.#ofClass = Array.from({ length: classes }, () => ({ seen: 0, right: 0 }));
  }

  /** @param scores one for each class; of equals the earlier class counts as higher */
  add(scores: readonly number[], target: number): void {
    const score = scores[target]!;
    const rank = scores.filter((other, i) => other > score || (other === score && i < target)).length;
    const counts = this.#ofClass[target]!;
    counts.seen++;
    if (rank === 0) {
      this.#first++;
      counts.right++;
    }
    if (rank < 5) this.#amongFive++;
  }

  /** NaN throughout when nothing was added. */
  metrics(): ClassificationMetrics {
    const occurring = this.#ofClass.filter(({ seen }) => seen > 0);
    const total = occurring.reduce((sum, { seen }) => sum + seen, 0);
    return {
      acc1: this.#first / total,
      acc5: this.classes < 5 ? null : this.#amongFive / total,
      mean_per_class_recall: occurring.reduce((sum, { seen, right }) => sum + right / seen, 0) / occurring.length,
    };
  }
}
