import { fromShiftedSum } from '../../decoding/logits.js';
import type { GraphBuilder } from './graph.js';

/** What is fed to say how many candidates a run is to find, at least one: a list of one whole number. */
export const CANDIDATES = 'candidates';
/** What a run gives of R rows and K candidates: their logits [R, K], their tokens [R, K], and `shiftedSum` [R]. */
export const SCORES = { values: 'values', tokens: 'tokens', shiftedSum: 'shiftedSum' } as const;

/** Sums of single precision are made of at most so many numbers at a time: a long one loses a digit or two. */
const MOST_SUMMED = 512;

/**
 * What a search looks at of logits, as outputs of the graph, so that the logits themselves need not be brought over.
 * @param logits the name of the logits of R rows, [R, V]
 */
export function outputScores(graph: GraphBuilder, logits: string, vocabSize: number): void {
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

/**
 * log(sum of exp(logit)) of each row, into `result`.
 * @param values the candidates' logits [R, K], the greatest first
 * @throws CocaError `engine` when a row's logits are not finite
 */
export function fillLogSumExp(
  values: Float32Array,
  shiftedSum: Float32Array,
  rows: Iterable<number>,
  result: Float64Array,
): void {
  const candidates = values.length / shiftedSum.length;
  for (const row of rows) result[row] = fromShiftedSum(values[row * candidates]!, shiftedSum[row]!);
}
