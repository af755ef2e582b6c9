import type { ImageEncoding } from '../api.js';
import { meanPicture } from '../means.js';
import { bundledScenes, scenePictures } from '../scenes/bundled.js';
import type { LoadedCoca } from '../store/load.js';
import type { Word } from '../tokenizer/words.js';
import { type GroundingCalibration, probabilityOf, readCalibration } from './calibration.js';
import { type SeenPicture, type SignalHooks, type WordSignals, wordSignals } from './signals.js';

export { CALIBRATION_FILE } from './calibration.js';
export type { WordSignals } from './signals.js';

/** From which probability on a word counts as seen. */
export const SEEN = 0.5;

/** A word of a caption, and what it owes to the picture. */
export interface GroundedWord extends WordSignals {
  readonly word: Word;
  /** Probability that it is true of the picture; null where the model is not calibrated. */
  readonly grounded: number | null;
}

export interface GroundedCaption {
  readonly words: readonly GroundedWord[];
  /** The least of its words'; null where the model is not calibrated. */
  readonly grounded: number | null;
}

/** What stops it, and hears the part that is done, from 0 to 1. */
export type GroundingHooks = Pick<SignalHooks, 'signal' | 'onProgress'>;

export interface OpeningHooks extends GroundingHooks {
  /** Hears of a kept mean that is of no use: it is made anew. */
  readonly onBroken?: (text: string) => void;
}

/** Tells what is seen from what is guessed. */
export class Grounding {
  private constructor(
    private readonly coca: LoadedCoca,
    private readonly reference: ImageEncoding,
    readonly calibration: GroundingCalibration | undefined,
  ) {}

  /**
   * @param model as it was asked for: a calibration lies beside its weights
   * @throws CocaError as `readCalibration`; `interrupted`
   */
  static async create(
    coca: LoadedCoca,
    model: string | undefined,
    { signal, onProgress, onBroken }: OpeningHooks = {},
  ): Promise<Grounding> {
    const calibration = await readCalibration(model, await coca.fingerprint());
    const { length } = await bundledScenes();
    const onPicture = (count: number): void => onProgress?.(count / length);
    const reference = await meanPicture(coca, () => scenePictures(coca), 'scenes', {
      signal,
      onPicture,
      onBroken,
    });
    return new Grounding(coca, reference, calibration);
  }

  /**
   * @param ids a caption from the start token
   * @throws CocaError `interrupted`
   */
  async ground(seen: SeenPicture, ids: readonly number[], hooks: GroundingHooks = {}): Promise<GroundedCaption> {
    const { calibration } = this;
    const found = await wordSignals(this.coca, seen, ids, this.reference, hooks);
    const words = found.map(({ word, signals }): GroundedWord => {
      return { word, ...signals, grounded: calibration ? probabilityOf(calibration, signals) : null };
    });
    const known = words.map(({ grounded }) => grounded).filter((grounded) => grounded !== null);
    return { words, grounded: known.length === 0 ? null : Math.min(...known) };
  }
}
