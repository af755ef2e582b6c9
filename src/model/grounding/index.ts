import { readFile } from 'node:fs/promises';
import type { ImageEncoding } from '../api.js';
import { loadPicture } from '../image/load-picture.js';
import type { Picture } from '../image/picture.js';
import { BUNDLED_SCENES, readScenes } from '../scenes/scenes-file.js';
import type { LoadedCoca } from '../store/load.js';
import type { Word } from '../tokenizer/words.js';
import { type GroundingCalibration, probabilityOf, readCalibration } from './calibration.js';
import { meanPicture } from './reference.js';
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

/** The pictures whose mean stands for none: the scenes that come with the program. */
export async function* scenePictures(coca: Pick<LoadedCoca, 'preprocess'>): AsyncGenerator<Picture> {
  for (const { image } of await readScenes(BUNDLED_SCENES)) {
    yield await loadPicture(await readFile(image), coca.preprocess);
  }
}

/** What stops it, and hears the part that is done, from 0 to 1. */
export type GroundingHooks = Pick<SignalHooks, 'signal' | 'onProgress'>;

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
    { signal, onProgress }: GroundingHooks = {},
  ): Promise<Grounding> {
    const calibration = await readCalibration(model, await coca.fingerprint());
    const scenes = await readScenes(BUNDLED_SCENES);
    const onPicture = (count: number): void => onProgress?.(count / scenes.length);
    const reference = await meanPicture(coca, () => scenePictures(coca), 'scenes', { signal, onPicture });
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
