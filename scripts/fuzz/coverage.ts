import { type Profiler, Session } from 'node:inspector';

/** Which blocks of the program's own code ran, as V8 counts them. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  /** @param isWatched whether a script, by its URL, is of interest */
  constructor(private readonly isWatched: (url: string) => boolean) {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks have run so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** The blocks that ran since the last call and never before; with `keep`, they count as seen from now on. */
  take(keep: boolean): number {
    let fresh = 0;
    for (const script of this.#counts()) {
      if (!this.isWatched(script.url)) continue;
      for (const { ranges } of script.functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${script.scriptId}:${startOffset}:${endOffset}`;
          if (count === 0 || this.#seen.has(block)) continue;
          fresh++;
          if (keep) this.#seen.add(block);
        }
      }
    }
    return fresh;
  }

  #counts(): Profiler.ScriptCoverage[] {
    let counts: Profiler.ScriptCoverage[] = [];
    // In one's own thread the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      counts = answer.result;
    });
    return counts;
  }
}
