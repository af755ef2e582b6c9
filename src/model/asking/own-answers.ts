import type { Coca, ImageEncoding } from '../api.js';
import { CocaError } from '../base/errors.js';
import { decodingOptions } from '../decoding/index.js';

const BEAMS = 6;

/** What a model writes behind a question. */
export interface OwnAnswer {
  readonly answer: string;
  /** log p(answer | picture, question): the sum over its tokens and the end token, in nats. */
  readonly logprob: number;
}

/**
 * The likeliest answers that a beam search finds behind a question, best first. Sums are not divided by lengths: with its end token an
 * answer is a whole.
 * @throws CocaError `bad-text` for a question that leaves no room, or behind which no answer ends
 */
export async function ownAnswers(
  coca: Coca,
  image: ImageEncoding,
  question: string,
  signal?: AbortSignal,
): Promise<OwnAnswer[]> {
  const { tokenizer } = coca;
  const { contextLength, special } = tokenizer;
  const prompt = 1 + tokenizer.encode(question).length;
  if (prompt >= contextLength) {
    throw new CocaError(
      'bad-text',
      `the question leaves no room among the ${contextLength} ids this model reads`,
      'Shorten it.',
    );
  }
  const asked = { beams: BEAMS, num: BEAMS, lengthPenalty: 0, minLength: 0, maxLength: contextLength };
  const options = { ...decodingOptions(asked, { contextLength }), prompt: question };
  const { captions } = await coca.caption(image, options, { ...(signal && { signal }) });
  const ended = captions[0]!.filter(({ ids }) => ids.at(-1) === special.eot);
  if (ended.length === 0) {
    const hint = '--answers A,B ranks answers of your own';
    throw new CocaError('bad-text', `no answer ends within the ${contextLength} ids that this model writes`, hint);
  }
  const found = new Map<string, number>();
  for (const { ids, tokens } of ended) {
    const answer = tokenizer.decode(ids.slice(prompt));
    const logprob = tokens.reduce((sum, token) => sum + token.logprob, 0);
    if (!found.has(answer)) found.set(answer, logprob);
  }
  return [...found].map(([answer, logprob]) => ({ answer, logprob }));
}
