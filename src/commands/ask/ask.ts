import type { Format, ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import type { Coca, ImageEncoding } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { IMAGE_ARGUMENT } from '../io/inside/caption.js';
import { findWithCaptioner, MODEL_GLOBALS, type Variant, variantOf } from '../io/model.js';
import { oneName, openPicture, type ReadablePicture } from '../io/pictures.js';
import { jsonWriter } from '../io/results.js';
import { pictureShower } from '../io/show-picture.js';
import { checkSources } from '../io/sources.js';
import { softmax } from '../rank/ranking.js';
import { ANSWERS_OPTION, answersOf, checkAnswers } from './answers.js';

/** An answer and how likely it is. */
interface RankedAnswer {
  readonly answer: string;
  /** log p(answer | picture, question): the sum over its tokens and the end token, in nats. */
  readonly logprob: number;
  /** Among the given answers; of one that the model wrote, among all texts. */
  readonly probability: number;
}

interface Asked extends Variant {
  readonly image: string;
  readonly question: string;
  /** Best first. */
  readonly answers: readonly RankedAnswer[];
}

export const ask = defineResults({
  name: 'ask',
  summary: 'answers a question about a picture, or ranks given answers',
  usage: 'ask IMAGE QUESTION [--answers A,B]',
  details: [
    'Without --answers the model writes its own: the likeliest that a search with 6 beams finds behind the question, with their probabilities among all texts.',
    'A given answer is read by the decoder behind the question. logprob is log p(answer | picture, question), the sum over its tokens and the end token, not divided by their number: the end token makes answers of different lengths comparable. probability is the softmax of that over the given answers; of equals the one that was given first leads.',
    'A model that was never trained on questions takes the question for the beginning of a caption. coca train learns from data with question and answer (coca scenes --questions writes some); coca eval --vqa measures.',
    'Piped: LOGPROB<TAB>PROBABILITY<TAB>ANSWER, best first. JSON: {"image", "question", "answers": [{"answer", "logprob", "probability"}]}.',
  ].join('\n'),
  args: [
    IMAGE_ARGUMENT,
    {
      name: 'QUESTION',
      description: 'as the model was trained to hear it',
      kind: 'text',
      isRemembered: false,
      required: true,
      variadic: false,
    },
  ],
  options: {
    ...ANSWERS_OPTION,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca ask photo.jpg "how many dogs are there"', does: 'what the model says' },
    { line: 'coca ask photo.jpg "is there a dog" --answers yes,no', does: 'which is more likely' },
    { line: 'coca ask photo.jpg "how many dogs" --answers numbers.txt --json', does: 'many answers, for a program' },
  ],
  async check({ args, options, typed }) {
    checkAblation(options, typed);
    if (args[1]?.trim() === '') throw new CocaError('usage', 'QUESTION is empty');
    if (options.answers !== undefined) checkAnswers(options.answers);
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<Asked, ReadablePicture>> {
    const [given, question] = args as readonly [string, string];
    const from = options.answers;
    checkSources({ images: [given], files: [], files0: [] }, context.stdin, from === '-' ? 1 : 0);
    const answers = from === undefined ? undefined : await answersOf(from, context);
    const image = await oneName(given, 'ask', context);
    yield* findWithCaptioner(options, context, 'ask', async function* (coca): AsyncGenerator<
      Finding<Asked, ReadablePicture>
    > {
      const rank = answers && (await rankerOf(coca, question, answers, context.signal));
      const input = await openPicture(image, coca, context);
      if ('error' in input) {
        yield input;
        return;
      }
      yield { kind: 'picture', item: input };
      const encoding = await coca.encodeImages([input.picture]);
      const ranked = await (rank ? rank(encoding) : written(coca, encoding, question, context.signal));
      yield { kind: 'result', result: { image, question, answers: ranked, ...variantOf(coca) } };
    });
  },
  writer: (format, { options }, context) => answerWriter(format, context, options.images as PictureKind | 'auto'),
});

/**
 * What ranks given answers to a question.
 * @throws CocaError `bad-text` for one that does not fit
 */
async function rankerOf(coca: Coca, question: string, answers: readonly string[], signal: AbortSignal) {
  const { answered, answerLikelihoods } = await import('../../model/asking/question.js');
  const texts = answers.map((answer) => answered(coca.tokenizer, question, answer));
  return async (image: ImageEncoding): Promise<RankedAnswer[]> => {
    const sums = await answerLikelihoods(coca, image, texts, { signal });
    const probabilities = softmax(sums);
    return answers
      .map((answer, i) => ({ answer, logprob: sums[i]!, probability: probabilities[i]! }))
      .sort((a, b) => b.logprob - a.logprob);
  };
}

async function written(
  coca: Coca,
  image: ImageEncoding,
  question: string,
  signal: AbortSignal,
): Promise<RankedAnswer[]> {
  const { ownAnswers } = await import('../../model/asking/own-answers.js');
  const own = await ownAnswers(coca, image, question, signal);
  return own.map(({ answer, logprob }) => ({ answer, logprob, probability: Math.exp(logprob) }));
}

async function answerWriter(
  format: Format,
  context: CommandContext,
  images: PictureKind | 'auto',
): Promise<ResultWriter<Asked, ReadablePicture>> {
  if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, (asked: Asked) => asked);
  if (format === 'plain') {
    return {
      objects: undefined,
      result: ({ answers }) =>
        context.out.write(
          answers
            .map(({ answer, logprob, probability }) => {
              return `${logprob.toFixed(6)}\t${probability.toPrecision(6)}\t${visible(answer)}\n`;
            })
            .join(''),
        ),
    };
  }
  const { rankLines } = await import('../../ui/rank-view.js');
  const show = await pictureShower(context, images, true);
  const { columns, colors } = context.terminal;
  return {
    objects: undefined,
    begin: (item) => show(item),
    result({ answers }) {
      const rows = answers.map(({ answer, probability }, i) => {
        return { rank: i + 1, caption: answer, probability, cosine: null, logprob: null };
      });
      return context.out.write(`${rankLines(rows, columns, colors, 'answer').join('\n')}\n`);
    },
  };
}
