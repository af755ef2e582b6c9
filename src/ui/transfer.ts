import { bytesText, durationText } from './status.js';

/** Over how long a rate is taken: long enough to be steady, short enough to follow the network. */
const WINDOW_MS = 5000;

/** How fast something grows, over the last few seconds. */
export class Rate {
  #samples: { readonly at: number; readonly value: number }[] = [];

  /** @param at milliseconds, of any clock that does not go back */
  add(value: number, at: number): void {
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && this.#samples[1]!.at < at - WINDOW_MS) this.#samples.shift();
  }

  /** Per second; 0 while that cannot be said. */
  get perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    return Math.max(0, ((last.value - first.value) * 1000) / (last.at - first.at));
  }
}

/** "412 MB of 1.01 GB · 24.1 MB/s · 25 s left". */
export function transferText(done: number, total: number, perSecond: number): string {
  const parts = [`${bytesText(done)} of ${bytesText(total)}`];
  if (perSecond > 0) {
    parts.push(`${bytesText(Math.round(perSecond))}/s`);
    if (done < total) parts.push(`${durationText((total - done) / perSecond)} left`);
  }
  return parts.join(' · ');
}
