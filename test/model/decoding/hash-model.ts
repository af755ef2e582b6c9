import {
  type DecodingOptions,
  decode,
  decodingOptions,
  pendingRows,
  ROOT,
  type RowScores,
  results,
  type SearchState,
  scoresOf,
  startSearch,
  type TokenRow,
  type TreeModel,
} from '../../../src/model/decoding/index.js';

export const SPECIAL = { sot: 46, eot: 47, pad: 0 };
export const VOCAB = 48;
export const CONTEXT = 40;

export interface HashParameters {
  readonly seed: number;
  /** How many of the last ids the logits depend on. */
  readonly window: number;
  readonly eot_bias: number;
  /** What the padding id's logit, and every logit, is raised by; nothing by default. */
  readonly pad_bias?: number;
  readonly offset?: number;
}

/** The model of scripts/reference/decoding.py: logits are a hash of the last ids, exact in 32-bit floats. */
export function hashLogits(
  ids: readonly number[],
  { seed, window, eot_bias, pad_bias = 0, offset = 0 }: HashParameters,
): Float32Array {
  const biases = new Map([
    [SPECIAL.eot, eot_bias],
    [SPECIAL.pad, pad_bias],
  ]);
  let state = 2166136261 ^ seed;
  for (const token of ids.slice(-window)) state = Math.imul(state ^ token, 16777619);
  return Float32Array.from({ length: VOCAB }, (_, token) => {
    let bits = (state + Math.imul(token, 2654435761)) | 0;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    bits ^= bits >>> 16;
    return (bits >>> 16) / 8192 + (biases.get(token) ?? 0) + offset;
  });
}

/** A tree model over any function from a path of ids to logits; one function a picture. Holds callers to the contract. */
export class PathModel implements TreeModel {
  readonly batch: number;
  calls = 0;
  readonly #trees: number[][][];

  constructor(
    readonly logits: readonly ((ids: readonly number[]) => Float32Array)[],
    readonly vocabSize: number = VOCAB,
  ) {
    this.batch = logits.length;
    this.#trees = logits.map(() => []);
  }

  /** Answers with what is asked for, and no more. */
  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    this.calls++;
    return rows.map((own, picture) => scoresOf(this.#evaluate(own, picture), this.vocabSize, candidates));
  }

  release(): void {}

  #evaluate(rows: readonly TokenRow[], picture: number): Float32Array {
    const paths = this.#trees[picture]!;
    const out = new Float32Array(rows.length * this.vocabSize);
    for (const [place, { node, parent, token }] of rows.entries()) {
      if (node !== paths.length) throw new Error(`node ${node} out of order: ${paths.length} expected`);
      const before = parent === ROOT ? [] : paths[parent];
      if (!before) throw new Error(`node ${node} follows ${parent}, which was never evaluated`);
      paths.push([...before, token]);
      out.set(this.logits[picture]!(paths[node]!), place * this.vocabSize);
    }
    return out;
  }
}

export const hashModel = (...parameters: HashParameters[]): PathModel =>
  new PathModel(parameters.map((own) => (ids) => hashLogits(ids, own)));

export function start(given: Partial<DecodingOptions>, prompt: readonly number[] = [SPECIAL.sot]): SearchState {
  return startSearch(decodingOptions(given, { contextLength: CONTEXT }), SPECIAL, prompt, VOCAB);
}

/** The captions of one hash model. */
export async function captions(
  parameters: HashParameters,
  given: Partial<DecodingOptions>,
  prompt?: readonly number[],
) {
  const [state] = await decode(hashModel(parameters), [start(given, prompt)]);
  return results(state!);
}

/** All that a model says of the rows that a state waits for, from scratch. */
export async function scoresFor(state: SearchState, parameters: HashParameters): Promise<RowScores> {
  const tokens = new Map(state.nodes.map((node) => [node.id, node]));
  const path = (id: number): number[] => {
    const node = tokens.get(id);
    return node ? [...path(node.parent), node.token] : [];
  };
  const rows = pendingRows(state);
  const out = new Float32Array(rows.length * VOCAB);
  for (const [place, { node }] of rows.entries()) out.set(hashLogits(path(node), parameters), place * VOCAB);
  return scoresOf(out, VOCAB);
}
