import type { Coca } from '../api.js';
import { answered, answerLikelihoods } from '../asking/question.js';
import { CocaError } from '../base/errors.js';
import type { DecodingOptions } from '../decoding/index.js';
import { answerTypeOf, vqaAccuracy } from '../metrics/vqa.js';
import type { Batch, Measure, Metrics } from './measure.js';

/** One answer that was given, as `--predictions` lists them. */
export interface AnswerPrediction {
  readonly image: string;
  readonly question: string;
  readonly answer: string;
  readonly answers: readonly string[];
  readonly accuracy: number;
}

/** Questions about pictures: what the model says behind each, by VQA's rules (metrics/vqa.ts). */
export class VqaMeasure implements Measure {
  readonly task = 'visual_question_answering';
  count = 0;
  #sum = 0;
  readonly #kinds = new Map<string, { count: number; sum: number }>();

  /**
   * @param choices what can be answered: the likeliest of them is; without them the model writes its answer
   */
  constructor(
    private readonly coca: Coca,
    private readonly decoding: DecodingOptions,
    private readonly choices: readonly string[] | undefined,
    private readonly hooks: { readonly signal?: AbortSignal },
    private readonly onPrediction: (prediction: AnswerPrediction) => Promise<void>,
  ) {}

  async add(batch: Batch, index: number): Promise<void> {
    const { asked, name } = batch.items[index]!;
    if (asked === undefined) throw new CocaError('bad-data', 'no question with an answer');
    const { question, answers } = asked;
    const answer = await (this.choices ? this.#choose(batch, index, question) : this.#write(batch, index, question));
    const accuracy = vqaAccuracy(answer, answers);
    this.count++;
    this.#sum += accuracy;
    this.#addTo(`accuracy_${asked.answerType ?? answerTypeOf(answers[0]!)}`, accuracy);
    if (asked.questionType !== undefined) this.#addTo(`accuracy_of_${asked.questionType}`, accuracy);
    await this.onPrediction({ image: name, question, answer, answers, accuracy });
  }

  #addTo(kind: string, accuracy: number): void {
    const known = this.#kinds.get(kind) ?? { count: 0, sum: 0 };
    this.#kinds.set(kind, { count: known.count + 1, sum: known.sum + accuracy });
  }

  async #write(batch: Batch, index: number, question: string): Promise<string> {
    const { tokenizer } = this.coca;
    const decoding = { ...this.decoding, prompt: question };
    const { captions } = await this.coca.caption(await batch.encodingOf(index), decoding, this.hooks);
    const prompt = 1 + tokenizer.encode(question).length;
    return tokenizer.decode(captions[0]![0]!.ids.slice(prompt));
  }

  async #choose(batch: Batch, index: number, question: string): Promise<string> {
    const texts = this.choices!.map((choice) => answered(this.coca.tokenizer, question, choice));
    const sums = await answerLikelihoods(this.coca, await batch.encodingOf(index), texts, this.hooks);
    return this.choices![sums.indexOf(Math.max(...sums))]!;
  }

  metrics(): Metrics {
    const kinds = [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      accuracy: this.#sum / this.count,
      ...Object.fromEntries(kinds.map(([kind, { sum, count }]) => [kind, sum / count])),
    };
  }
}
