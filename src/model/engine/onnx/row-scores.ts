import type { Tensor } from 'onnxruntime-node';
import { fromShiftedSum } from '../../decoding/logits.js';
import type { RowScores, TokenRow } from '../../decoding/types.js';
import type { TokenForest } from '../token-forest.js';
import type { GraphBuilder } from './graph.js';
import type { Feeds, Fetches } from './session.js';

/** What is fed to say how many candidates a run is to find, at least one: a list of one whole number. */
const CANDIDATES = 'candidates';
/** What is fed, where a run gives all outputs that there are, to say how many rows' logits it gives: a list of one whole number. */
const LOGIT_ROWS = 'logitRows';
/** What a run gives of R rows and K candidates: all logits [B, N, V], those of candidates [R, K], their tokens [R, K], sums [R]. */
const SCORES = { logits: 'logits', values: 'values', tokens: 'tokens', shiftedSum: 'shiftedSum' } as const;

/** Sums of single precision are made of at most so many numbers at a time: a long one loses a digit or two. */
const MOST_SUMMED = 512;

/**
 * What a search looks at of logits, as outputs of the graph, so that the logits themselves need not be brought over.
 * @param logits the name of the logits of R rows, [R, V]
 * @param isOptional whether a run may leave out outputs; else logits come as the first LOGIT_ROWS rows, which may be none
 */
export function outputScores(graph: GraphBuilder, logits: string, vocabSize: number, isOptional: boolean): void {
  if (isOptional) graph.output(SCORES.logits, logits, 'F32', ['all rows', vocabSize]);
  else {
    const end = graph.input(LOGIT_ROWS, 'I64', [1]);
    const first = graph.integers([0]);
    const inputs = [logits, first, end, first];
    graph.output(SCORES.logits, graph.node('Slice', inputs), 'F32', ['logit rows', vocabSize]);
  }
  const count = graph.input(CANDIDATES, 'I64', [1]);
  const [values, tokens] = graph.nodeWithOutputs('TopK', [logits, count], 2, { axis: -1 });
  const bounds = [0, 1, 1].map((value) => graph.integers([value]));
  const max = graph.node('Slice', [values!, bounds[0]!, bounds[1]!, bounds[2]!]); // [R, 1]
  const shifted = graph.node('Exp', [graph.node('Sub', [logits, max])]); // [R, V]
  const inParts = graph.node('Reshape', [shifted, graph.integers([0, -1, partOf(vocabSize)])]);
  const parts = graph.node('ReduceSum', [inParts, graph.integers([-1])], { keepdims: 0 });
  const sum = graph.node('ReduceSum', [parts, graph.integers([-1])], { keepdims: 0 });
  graph.output(SCORES.values, values!, 'F32', ['all rows', 'candidates']);
  graph.output(SCORES.tokens, tokens!, 'I64', ['all rows', 'candidates']);
  graph.output(SCORES.shiftedSum, sum, 'F32', ['all rows']);
}

/** The greatest divisor up to MOST_SUMMED, if it makes fewer numbers of them; else all. */
function partOf(length: number): number {
  if (length <= MOST_SUMMED) return length;
  let part = MOST_SUMMED;
  while (length % part !== 0) part--;
  return length / part <= length / 16 ? part : length;
}

/** Numbers of candidates are rounded up to multiples of it, so that shapes last when bans make them grow. */
const STEP = 16;

/** More rows than a run has. */
const MOST_ROWS = 2 ** 31 - 1;

interface Question {
  readonly feeds: Feeds;
  readonly fetches: Fetches;
}

/** What a run is asked to give of its scores. */
export class ScoreQuestions {
  readonly #made = new Map<number | undefined, Question>();

  constructor(
    private readonly Tensor: typeof import('onnxruntime-node').Tensor,
    private readonly vocabSize: number,
    private readonly isOptional: boolean,
  ) {}

  /** @param candidates how many are wanted; without it all logits, and one candidate for its value: the greatest */
  about(candidates: number | undefined): Question {
    const isSome = candidates !== undefined;
    const count = isSome ? Math.min(Math.ceil(Math.max(candidates, 1) / STEP) * STEP, this.vocabSize) : 1;
    const key = isSome ? count : undefined;
    let question = this.#made.get(key);
    if (!question) {
      const number = (value: number) => new this.Tensor('int64', BigInt64Array.of(BigInt(value)), [1]);
      const feeds: Record<string, Tensor> = { [CANDIDATES]: number(count) };
      if (!this.isOptional) feeds[LOGIT_ROWS] = number(isSome ? 0 : MOST_ROWS);
      const { logits, tokens, values, shiftedSum } = SCORES;
      question = { feeds, fetches: { [isSome ? tokens : logits]: null, [values]: null, [shiftedSum]: null } };
      this.#made.set(key, question);
    }
    return question;
  }
}

/**
 * What a run said of the rows that were given, for each tree.
 * @throws CocaError `engine` when a row's logits are not finite
 */
export function readScores(
  outputs: Feeds,
  rows: readonly (readonly TokenRow[])[],
  forest: TokenForest,
): readonly RowScores[] {
  const values = outputs[SCORES.values]!.data as Float32Array;
  const shiftedSum = outputs[SCORES.shiftedSum]!.data as Float32Array;
  const given = outputs[SCORES.logits]?.data as Float32Array | undefined;
  const all = given?.length ? given : undefined;
  const candidates = values.length / shiftedSum.length;
  const greatest = forest.givenOf(rows, values);
  const sums = forest.givenOf(rows, shiftedSum).map((own, entry) => {
    return Float64Array.from(own, (sum, row) => fromShiftedSum(greatest[entry]![row * candidates]!, sum));
  });
  const logits = all ? forest.givenOf(rows, all) : greatest;
  const tokens = all ? undefined : forest.givenOf(rows, lowWords(outputs[SCORES.tokens]!.data as BigInt64Array));
  return rows.map((_, entry) => {
    const own = tokens && { tokens: tokens[entry]! };
    return { logSumExp: sums[entry]!, logits: logits[entry]!, ...own };
  });
}

/** Of whole numbers from 0 up, which take 64 bits: the low word comes first on every machine that has the engine. */
function lowWords(numbers: BigInt64Array): Int32Array {
  const words = new Int32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
  return Int32Array.from({ length: numbers.length }, (_, i) => words[2 * i]!);
}
