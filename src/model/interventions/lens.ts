import type { Coca, ImageEncoding } from '../api.js';
import { logSumExp, type Scored, topTokens } from '../decoding/logits.js';
import type { Activation, Block } from '../engine/network.js';
import { chunks } from './chunks.js';

/** What a layer would say after a position of a caption, were it the last. */
export interface LensCell {
  /** Of the token that the caption has next, among all by their probability: 1 is the likeliest. */
  readonly rank: number;
  /** Of that token. */
  readonly probability: number;
  /** Of the whole distribution, in nats. */
  readonly entropy: number;
  /** The likeliest tokens, best first. */
  readonly top: readonly { readonly id: number; readonly probability: number }[];
}

/** A caption through the logit lens. */
export interface Lens {
  /** The caption, from the start token. */
  readonly ids: readonly number[];
  /** What was read, in the order in which a caption goes through it: `text`, the unimodal half, then `cross.0`, `cross.1`, ... */
  readonly layers: readonly string[];
  /** cells[l][r]: of layer l, after ids[0..r]. */
  readonly cells: readonly (readonly LensCell[])[];
}

/** How many rows are read out in a call at most: the scores of a whole vocabulary are kept for each. */
const ROWS_PER_CALL = 128;
/** How many of the likeliest tokens are kept. */
const TOP = 5;

/**
 * Reads what leaves each layer of the multimodal half, and the unimodal half before it, as if it were what leaves the last: through the
 * final layer norm and the vocabulary (logit lens; nostalgebraist 2020). The last row is what the model says.
 * @param image one picture
 * @param ids a caption, from the start token; it is read teacher forced
 */
export async function logitLens(coca: Coca, image: ImageEncoding, ids: readonly number[]): Promise<Lens> {
  const { text, multimodal } = coca.config;
  const seen = new Map<string, Block>();
  await coca.readCaption(image, ids, {
    onActivation({ part, name, layer, data, shape }: Activation) {
      if (part !== 'residual') return;
      if (name === 'text' && layer === text.layers - 1) seen.set('text', { data, shape });
      if (name === 'cross') seen.set(`cross.${layer}`, { data, shape });
    },
  });
  const layers = ['text', ...Array.from({ length: multimodal?.layers ?? 0 }, (_, layer) => `cross.${layer}`)];
  const cells: LensCell[][] = [];
  for (const some of chunks(layers, Math.max(1, Math.floor(ROWS_PER_CALL / (ids.length - 1))))) {
    const logits = await coca.readOut(stacked(some.map((layer) => seen.get(layer)!)));
    const perLayer = logits.length / some.length;
    for (let at = 0; at < some.length; at++) {
      cells.push(cellsOf(logits.subarray(at * perLayer, (at + 1) * perLayer), ids));
    }
  }
  return { ids, layers, cells };
}

/** Blocks of one entry and one shape, as the entries of one. */
function stacked(blocks: readonly Block[]): Block {
  const [, rows, width] = blocks[0]!.shape;
  const data = new Float32Array(blocks.length * rows * width);
  for (const [i, block] of blocks.entries()) data.set(block.data, i * rows * width);
  return { data, shape: [blocks.length, rows, width] };
}

/** @param logits [N, V], after each id but the last */
function cellsOf(logits: Float32Array, ids: readonly number[]): LensCell[] {
  const vocabSize = logits.length / (ids.length - 1);
  return ids.slice(1).map((id, row) => {
    const scores = logits.subarray(row * vocabSize, (row + 1) * vocabSize);
    const total = logSumExp(scores, 0, vocabSize);
    let entropy = 0;
    let better = 0;
    const own = scores[id]!;
    for (let token = 0; token < vocabSize; token++) {
      const score = scores[token]!;
      const logprob = score - total;
      const probability = Math.exp(logprob);
      if (probability > 0) entropy -= probability * logprob;
      if (score > own || (score === own && token < id)) better++;
    }
    const top = topTokens(scores, 0, vocabSize, TOP).map(({ token, value }: Scored) => {
      return { id: token, probability: Math.exp(value - total) };
    });
    return { rank: better + 1, probability: Math.exp(own - total), entropy, top };
  });
}
