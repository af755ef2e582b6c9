import type { ImageEncoding } from '../api.js';
import { CocaError } from '../base/errors.js';
import { CALIBRATED, featuresOf, type GroundingCalibration, probabilityOf } from '../grounding/calibration.js';
import { type WordSignals, wordSignals } from '../grounding/signals.js';
import { judgedCaptions, SWAP_KINDS, type SwapKind } from '../grounding/swaps.js';
import { meanPicture } from '../means.js';
import { calibrationOf, rocAuc } from '../metrics/auc.js';
import { fitLogistic, type Logistic } from '../metrics/logistic.js';
import { scenePictures } from '../scenes/bundled.js';
import type { LoadedCoca } from '../store/load.js';
import { type CutTexts, mustBeUsable } from '../tokenizer/usable.js';
import type { Batch, Measure, Metrics } from './measure.js';

interface Example {
  readonly sample: number;
  readonly signals: WordSignals;
  readonly isTrue: boolean;
  /** Of a word that a false caption has otherwise; not there for the other words of a true caption. */
  readonly kind: SwapKind | undefined;
}

/**
 * Whether words that are not true of a picture can be told: of false captions (`hard_negatives`) the first word in which each departs
 * from the true ones, against the words that stand there in those. `auc` is the area under the ROC curve of the probability, by the
 * model's calibration, or where it has none by one that was fitted on the other half of the samples; `auc_SIGNAL` of a signal by
 * itself, `auc_of_KIND` of the probability among the swaps of a kind. `calibration_error` is the expected one over all words that
 * were looked at, `true_at_0.N` how many of those are true whose probability lies between 0.N and 0.N + 0.1.
 */
export class GroundingMeasure implements Measure {
  readonly task = 'grounding';
  count = 0;
  readonly #examples: Example[] = [];

  private constructor(
    private readonly coca: LoadedCoca,
    private readonly reference: ImageEncoding,
    private readonly calibration: Logistic | undefined,
    private readonly hooks: { readonly signal?: AbortSignal } & CutTexts,
  ) {}

  static async create(
    coca: LoadedCoca,
    calibration: Logistic | undefined,
    hooks: { readonly signal?: AbortSignal; readonly onBroken?: (text: string) => void } & CutTexts,
  ): Promise<GroundingMeasure> {
    const reference = await meanPicture(coca, () => scenePictures(coca), 'scenes', hooks);
    return new GroundingMeasure(coca, reference, calibration, hooks);
  }

  async add({ items }: Batch, index: number): Promise<void> {
    const { picture, trueCaptions = [], hardNegatives = [] } = items[index]!;
    if (trueCaptions.length === 0 || hardNegatives.length === 0) {
      throw new CocaError('bad-data', 'no "true_captions" and "hard_negatives" to compare word by word');
    }
    const captions = judgedCaptions(trueCaptions, hardNegatives);
    const { tokenizer } = this.coca;
    mustBeUsable(
      captions.map(({ caption }) => caption),
      tokenizer,
      this.hooks,
    );
    const sample = this.count++;
    const image = await this.coca.encodeImages([picture], { attention: true });
    for (const { caption, words } of captions) {
      const known = new Map(words.map((word) => [word.word, word]));
      const isTrue = words.every((word) => word.isTrue);
      const ids = [tokenizer.special.sot, ...tokenizer.encode(caption), tokenizer.special.eot];
      // Of a false caption, words beside the false one are true or not as one reads it: they are left out.
      const wanted = (word: number): boolean => isTrue || known.has(word);
      const found = await wordSignals(this.coca, { picture, image }, ids, this.reference, { ...this.hooks, wanted });
      for (const { index: word, signals } of found) {
        this.#examples.push({ sample, signals, isTrue, kind: known.get(word)?.kind });
      }
    }
  }

  /** The calibration that these examples make. */
  fit(fingerprint: string): GroundingCalibration {
    return { ...fitted(this.#examples), fingerprint };
  }

  metrics(): Metrics {
    const examples = this.#examples;
    const probabilities = this.#probabilities();
    const swapped = [...examples.keys()].filter((i) => examples[i]!.kind !== undefined);
    const auc = (some: readonly number[], score: (i: number) => number): number | null => {
      const value = rocAuc(
        some.map(score),
        some.map((i) => examples[i]!.isTrue),
      );
      return Number.isNaN(value) ? null : value;
    };
    const kinds = SWAP_KINDS.map((kind) => {
      return [kind, swapped.filter((i) => examples[i]!.kind === kind)] as const;
    }).filter(([, some]) => some.length > 0);
    const { error, bins } = calibrationOf(
      probabilities,
      examples.map(({ isTrue }) => isTrue),
    );
    return {
      auc: auc(swapped, (i) => probabilities[i]!),
      ...Object.fromEntries(CALIBRATED.map((name) => [`auc_${name}`, auc(swapped, (i) => examples[i]!.signals[name])])),
      ...Object.fromEntries(kinds.map(([kind, some]) => [`auc_of_${kind}`, auc(some, (i) => probabilities[i]!)])),
      swaps: swapped.filter((i) => !examples[i]!.isTrue).length,
      words: examples.length,
      calibration_error: error,
      ...Object.fromEntries(bins.map(({ from, observed }) => [`true_at_${from.toFixed(1)}`, observed])),
    };
  }

  #probabilities(): readonly number[] {
    const { calibration } = this;
    if (calibration) return this.#examples.map(({ signals }) => probabilityOf(calibration, signals));
    const halves = [0, 1].map((half) => fitted(this.#examples.filter(({ sample }) => sample % 2 !== half)));
    return this.#examples.map(({ sample, signals }) => probabilityOf(halves[sample % 2]!, signals));
  }
}

/** @throws CocaError `bad-data` where there are no words of both kinds */
function fitted(examples: readonly Example[]): Logistic {
  if (new Set(examples.map(({ isTrue }) => isTrue)).size < 2) {
    throw new CocaError('bad-data', 'too few samples: there must be true and false words in both halves of them');
  }
  return fitLogistic(
    examples.map(({ signals }) => featuresOf(signals)),
    examples.map(({ isTrue }) => isTrue),
  );
}
