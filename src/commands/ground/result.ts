import type { Coca } from '../../model/api.js';
import type { GroundedCaption } from '../../model/grounding/index.js';
import type { Picture } from '../../model/image/picture.js';
import { visible } from '../../ui/text.js';
import { variantOf } from '../io/model.js';

/** A caption of a picture, and what its words owe to it. */
export interface GroundResult {
  readonly image: string;
  /** The square that the model sees, to be drawn. */
  readonly square: () => Promise<Picture>;
  readonly caption: string;
  readonly grounded: GroundedCaption;
  readonly coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated'>;
}

/** The JSON object of one picture: fields as docs and scripts know them. */
export function groundObject({ image, caption, grounded, coca }: GroundResult): object {
  return {
    image,
    caption,
    ...groundedFields(caption, grounded),
    model: coca.name,
    device: coca.device,
    ...variantOf(coca),
  };
}

/** What is said of the words of a caption, and of it as a whole. */
export function groundedFields(caption: string, { words, grounded }: GroundedCaption): object {
  let from = 0;
  return {
    words: words.map(({ word, grounded: ofWord, ...signals }) => {
      const { text } = word;
      // Words stand in the caption in their order; one that is not spelt out in it (white space) is nowhere.
      const start = caption.indexOf(text, from);
      if (start >= 0) from = start + text.length;
      const place = start < 0 ? { start: null, end: null } : { start, end: start + text.length };
      return { text, ...place, ...signals, grounded: ofWord };
    }),
    grounded,
    calibrated: grounded !== null,
  };
}

/** A line for each word: WORD, GROUNDED, LOGPROB, GAIN, DROP, MASS, SIMILARITY, with tabs between. */
export function groundLines({ grounded }: GroundResult): string[] {
  return grounded.words.map(({ word, grounded: ofWord, logprob, gain, drop, mass, similarity }) => {
    const figures = [logprob, gain, drop, mass, similarity].map((value) => value.toFixed(4));
    return [visible(word.text), ofWord?.toFixed(4) ?? '-', ...figures].join('\t');
  });
}
