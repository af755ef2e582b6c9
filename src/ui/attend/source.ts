import type { AttentionMaps, MapChoice, MeasuredMap } from '../../model/attention/index.js';
import type { GroundedWord } from '../../model/grounding/index.js';
import type { ShadedWord } from '../caption-view.js';
import type { Raster } from '../picture/raster.js';

/** What is computed when it is first asked for, since it takes many passes through the model. */
export type Later = 'occlusion' | 'words' | 'grounding';

export interface AttendSource extends Pick<AttentionMaps, 'grid' | 'layers' | 'heads' | 'methods'> {
  /** The picture's name, as it is to be shown. */
  readonly image: string;
  /** Model and device. */
  readonly model: string;
  /** As they are to be shown: nothing in them may move a cursor. */
  readonly words: readonly ShadedWord[];
  /** The square that the model sees. */
  readonly picture: Raster;
  /**
   * Of a clip: its frames, each as a source whose picture and maps are those of the frame; all else is the clip's. The first is this
   * source again.
   */
  readonly frames?: readonly AttendSource[];
  /** Which frame this is of a clip, of how many that were looked at, and how much of a word's map lies in it. */
  frameOf?(word: number, selection: MapChoice): { readonly frame: string; readonly of: number; readonly share: number };
  /** What was erased of the picture, in cells by number. */
  readonly erased: readonly number[];
  /**
   * The picture without some more cells, read again: with the caption that is found for it, or the one that was given.
   * @throws Error whose message is for the person
   */
  without(cells: readonly number[]): Promise<AttendSource>;
  /** Those that are still to be computed. */
  readonly later: readonly Later[];
  /** Computes one, once; the view goes on meanwhile. Receives the part that is done, from 0 to 1. */
  compute(what: Later, onProgress: (part: number) => void, signal: AbortSignal): Promise<void>;
  /** How far a word's log-probability falls without each word before it, in nats; once it is computed. */
  owedBy(word: number): readonly number[];
  /** What a word owes to the picture; once it is computed, and not of special tokens. */
  groundingOf(word: number): GroundedWord | undefined;
  /** Fast enough to be called for every key. */
  mapOf(word: number, selection: MapChoice): MeasuredMap;
  /** Writes the maps of all words to files and says where, in a line. */
  save(selection: MapChoice): Promise<string>;
}
