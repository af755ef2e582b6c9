import type { MeasuredMap } from '../../model/attention/index.js';
import type { ShadedWord } from '../caption-view.js';
import type { Raster } from '../picture/raster.js';

/** A layer that something was put back at. */
export interface TraceSite {
  /** As a person types it: `vision.3`, `image`, `cross.1`. */
  readonly site: string;
  readonly places: 'patches' | 'image tokens' | 'rows';
}

/** What the view of a trace needs to know, and no engine. */
export interface TraceSource {
  /** The pictures' names and the model, as they are to be shown. */
  readonly from: string;
  readonly to: string;
  readonly model: string;
  /** The words of the caption with their probabilities under A, as they are to be shown. */
  readonly words: readonly ShadedWord[];
  /** Of each word, its probability under B. */
  readonly under: readonly number[];
  /** Of each position of the caption, the token that was read there. */
  readonly tokens: readonly string[];
  /** Of each word, the positions that predict it. */
  readonly predictedAt: readonly (readonly number[])[];
  readonly sites: readonly TraceSite[];
  /** B, as the model sees it. */
  readonly picture: Raster;
  readonly grid: number;
  /** The share that came back at each position of a site; null where there is nothing to bring back, undefined where that is not known yet. */
  restored(word: number, site: number): readonly number[] | null | undefined;
  /** The same of patches as a map: what is below 0 is 0, and nothing that stands out is flat. */
  mapOf(word: number, site: number): MeasuredMap;
  /** Of the layers of patches that are known, the one at which most comes back; the first where none is. */
  bestSite(word: number): number;
  /**
   * Finds what is not known yet. Asked for once.
   * @param onLayer is told of each site when it is known
   */
  grow(signal: AbortSignal, onLayer: () => void): Promise<void>;
}
