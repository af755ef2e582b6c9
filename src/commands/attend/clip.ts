import { type CaptionAttention, type MapChoice, mapOfWord, measureFrames } from '../../model/attention/index.js';
import type { MeasuredClip } from '../../model/attention/maps.js';
import type { Picture } from '../../model/image/picture.js';
import type { Word } from '../../model/tokenizer/words.js';
import type { Frame } from '../../model/video/clip.js';

/** A frame of a clip that is attended to. */
export interface AttendFrame extends Frame {
  /** The square that the model sees of it, in the resolution of saved pictures. */
  readonly square: () => Promise<Picture>;
}

/** Where a word looks in a clip: one map over all frames, and each frame's part of it. */
export function wordClip(attention: CaptionAttention, word: Word, choice: MapChoice): MeasuredClip {
  return measureFrames(mapOfWord(attention, word, choice), attention.maps.grid);
}

/** A frame as a person reads of it: its number in the clip from 1, and when it is shown. */
export const frameText = ({ index, time }: Frame): string =>
  `${index + 1}${time === null ? '' : ` at ${time.toFixed(2)} s`}`;
