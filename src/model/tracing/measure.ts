import { type Box, pointsInto } from '../attention/faithfulness.js';
import { nounIn } from '../attention/pointing.js';
import { stopIfAborted } from '../base/errors.js';
import type { Picture } from '../image/picture.js';
import { sumOfWord } from '../tokenizer/words.js';
import { restored, type TracedPlaces, type TraceOptions, type Tracing, trace } from './trace.js';

/** Two pictures that differ in one thing, which the caption of the first one names. */
export interface KnownPair {
  readonly pictures: readonly [Picture, Picture];
  readonly caption: string;
  readonly thing: { readonly name: string; readonly boxes: readonly Box[] };
}

/** Where what differs between pictures comes back, of one layer. */
export interface TracingFigures {
  readonly site: string;
  readonly places: TracedPlaces;
  /** Pairs whose word the second picture costs something. */
  readonly pairs: number;
  /**
   * Of them, in which the most comes back at the thing: of patches, around one whose centre lies in a box of it; of rows, at one that
   * predicts the word. null for image tokens, which lie nowhere.
   */
  readonly hits: number | null;
  /** Mean of the most that comes back at one position. */
  readonly most: number;
}

/** In nats: where the second picture costs the word less, the model does not see the difference. */
const LEAST_FALL = 1;

/**
 * Traces pairs whose difference is known.
 * @returns the figures of each layer, and how many pairs there were in all
 */
export async function measureTracing(
  coca: Tracing,
  pairs: AsyncIterable<KnownPair>,
  options: Pick<TraceOptions, 'window' | 'signal'>,
): Promise<{ readonly pairs: number; readonly layers: readonly TracingFigures[] }> {
  const sums = new Map<string, { places: TracedPlaces; hits: number; most: number; pairs: number }>();
  let all = 0;
  for await (const { pictures, caption, thing } of pairs) {
    stopIfAborted(options.signal, 'stopped before all pairs were traced');
    all++;
    const { special } = coca.tokenizer;
    const ids = [special.sot, ...coca.tokenizer.encode(caption), special.eot];
    const found = await trace(coca, pictures, ids, options);
    const word = nounIn(found.words, thing.name);
    if (word === undefined || sumOfWord(word, found.clean) - sumOfWord(word, found.corrupt) < LEAST_FALL) continue;
    for (const layer of found.layers) {
      const shares = Float32Array.from(restored(found, layer, word)!);
      const sum = sums.get(layer.site) ?? { places: layer.places, hits: 0, most: 0, pairs: 0 };
      sums.set(layer.site, sum);
      const most = shares.reduce((best, share) => Math.max(best, share), -Infinity);
      sum.pairs++;
      sum.most += most;
      const isHit =
        layer.places === 'patches'
          ? pointsInto(shares, found.grid, pictures[0], thing.boxes)
          : word.positions.includes(shares.indexOf(most) + 1);
      if (isHit) sum.hits++;
    }
  }
  const layers = [...sums].map(([site, { places, hits, most, pairs }]): TracingFigures => {
    return { site, places, pairs, hits: places === 'image tokens' ? null : hits, most: most / pairs };
  });
  return { pairs: all, layers };
}
