import type { Coca, ImageEncoding } from '../api.js';
import { CocaError } from '../base/errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** A question with an answer, as one text of which a part is given. */
export interface Answered {
  readonly text: string;
  /** How many of its ids, from the start token on, are the question's: what follows them is the answer, the end token included. */
  readonly given: number;
}

/**
 * The text that a captioner reads, or learns, as an answer to a question: the one behind the other, with a space between. Where a tokenizer
 * joins the end of the question with the beginning of the answer, that token counts as the answer's.
 * @throws CocaError `bad-text` for a text that does not fit the context, which would lose the answer
 */
export function answered(tokenizer: Tokenizer, question: string, answer: string): Answered {
  const text = `${question} ${answer}`;
  if (!tokenizer.fits(text)) {
    throw new CocaError(
      'bad-text',
      `the question with the answer ${JSON.stringify(answer)} is longer than the ${tokenizer.contextLength} ids this model reads`,
      'Shorten it.',
    );
  }
  const ids = tokenizer.encode(text);
  const asked = tokenizer.encode(question);
  const parted = asked.findIndex((id, i) => ids[i] !== id);
  return { text, given: 1 + (parted < 0 ? asked.length : parted) };
}

/**
 * log p(answer | picture, question) of each answer behind its question: the sums over an answer's tokens and the end token, in nats.
 * @throws CocaError as `Coca.captionLikelihoods`
 */
export async function answerLikelihoods(
  coca: Coca,
  image: ImageEncoding,
  texts: readonly Answered[],
  hooks: { readonly signal?: AbortSignal },
): Promise<readonly number[]> {
  const [likelihoods] = await coca.captionLikelihoods(
    image,
    texts.map(({ text }) => text),
    { given: texts.map(({ given }) => given), ...hooks },
  );
  return likelihoods!.map(({ sum }) => sum);
}
