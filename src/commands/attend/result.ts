import {
  type CaptionAttention,
  type MapChoice,
  type MeasuredMap,
  mapOfWord,
  measureMap,
} from '../../model/attention/index.js';
import type { OcclusionOptions } from '../../model/attention/occlusion.js';
import type { OwedToWords } from '../../model/attention/owed.js';
import type { GroundedCaption } from '../../model/grounding/index.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { Word } from '../../model/tokenizer/words.js';
import { visible } from '../../ui/text.js';
import { clipMapFields } from '../io/clips/clips.js';
import { mapRows } from '../io/map-rows.js';
import { variantOf } from '../io/model.js';
import { choiceFields } from './choice.js';
import { type AttendFrame, wordClip } from './clip.js';

/** A picture, its caption, and where the words of it that are to be shown look. */
export interface AttendResult {
  readonly image: string;
  readonly picture: Picture;
  /** Of a clip: the frames that were looked at. */
  readonly clip?: readonly AttendFrame[];
  /** The square that the model sees, in the resolution of saved pictures; of a clip, that of the first frame. */
  readonly square: () => Promise<Picture>;
  readonly caption: string;
  readonly attention: CaptionAttention;
  readonly words: readonly Word[];
  /** What each word of the caption owes to those before it, where that was computed. */
  readonly owed?: OwedToWords;
  readonly choice: MapChoice;
  /** Cells of the picture, by number, that were blanked in it. */
  readonly erased?: readonly number[];
  readonly coca: Pick<LoadedCoca, 'name' | 'device' | 'precision' | 'ablated'>;
}

/** What a person is shown of a picture while the model is there. */
export interface AttendScene {
  /** With all words, whichever was asked for. */
  readonly all: AttendResult;
  /** The word that was asked for by name; where maps are printed, it is printed alone. */
  readonly current: number | undefined;
  readonly compute: Compute;
  readonly coca: Pick<LoadedCoca, 'ended'>;
}

/** A picture of which something was erased, read again. */
export type Reading = Pick<AttendScene, 'all' | 'compute'>;

/** What hears how far something is, and stops it. */
export type Hooks = Pick<OcclusionOptions, 'signal' | 'onProgress'>;

/**
 * What takes many passes through the model: the attention of a caption with what blanking its picture costs its words, what
 * its words owe to those before them, and what they owe to the picture.
 * @throws CocaError `interrupted`
 */
export interface Compute {
  readonly occlusion: (hooks: Hooks) => Promise<CaptionAttention>;
  readonly owed: (hooks: Hooks) => Promise<OwedToWords>;
  readonly grounding: (hooks: Hooks) => Promise<GroundedCaption>;
  /** The picture without some more cells: with the caption that is found for it, or the one that was given. */
  readonly without: (cells: readonly number[]) => Promise<Reading>;
}

/** Where a word looks. */
export function wordMap(attention: CaptionAttention, word: Word, choice: MapChoice): MeasuredMap {
  return measureMap(mapOfWord(attention, word, choice), attention.maps.grid);
}

/** The JSON object of one picture: fields as docs and scripts know them. */
export function attendObject({ attention, choice, coca, clip, ...result }: AttendResult): object {
  const { grid } = attention.maps;
  return {
    image: result.image,
    caption: result.caption,
    ...choiceFields(choice),
    ...(choice.method === 'occlusion' && { window: attention.maps.occlusion!.window }),
    grid: [grid, grid],
    ...(clip
      ? { frames: clip.map(({ index, time, picture }) => ({ index, time, crop: picture.crop })) }
      : { crop: result.picture.crop }),
    tokens: result.words.map((word, i) => {
      const owed = result.owed && { from: result.owed[i]! };
      if (clip) {
        const { text, logprob } = word;
        return { text, logprob, ...clipMapFields(wordClip(attention, word, choice), clip, grid), ...owed };
      }
      const { map, peak, entropy, isFlat } = wordMap(attention, word, choice);
      return {
        text: word.text,
        logprob: word.logprob,
        map: mapRows(map, grid),
        peak,
        entropy,
        flat: isFlat,
        ...owed,
      };
    }),
    model: coca.name,
    device: coca.device,
    ...variantOf(coca),
  };
}

/**
 * One line a word: WORD, PEAK_X, PEAK_Y, ENTROPY, with tabs between; of a clip also FRAME, the index of the frame with the peak; where it was
 * computed, also FROM: what it owes to the words before it.
 */
export function attendLines({ attention, words, choice, owed, clip }: AttendResult): string[] {
  return words.map((word, i) => {
    const { peak, entropy } = wordMap(attention, word, choice);
    const frame = clip ? [String(clip[wordClip(attention, word, choice).peakFrame]!.index)] : [];
    const from = owed ? [owed[i]!.map((fall) => fall.toFixed(4)).join(' ')] : [];
    const figures = [peak.x.toFixed(4), peak.y.toFixed(4), entropy.toFixed(4)];
    return [visible(word.text), ...figures, ...frame, ...from].join('\t');
  });
}
