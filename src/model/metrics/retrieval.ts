import { setImmediate as nextTurn } from 'node:timers/promises';
import { stopIfAborted } from '../base/errors.js';
import { dot } from '../base/numbers/vectors.js';

/** By the names that CLIP_benchmark gives them: `image_retrieval_recall@5` and so on. */
export type RetrievalMetrics = Readonly<Record<string, number>>;

/** Longest that the thread computes before others have their turn (a signal, a status line). */
const TURN_MS = 50;

/**
 * Recall at k both ways, as the CLIP papers have it: of the texts, the part whose picture is among the k most similar
 * pictures; of the pictures, the part of which at least one text is among the k most similar texts. Of equally similar
 * ones the earlier comes first. CLIP_benchmark leaves that to torch.topk, whose order of equals PyTorch leaves open.
 * @param images unit vectors
 * @param texts unit vectors
 * @param imageOfText the place of each text's picture; every picture has a text
 * @throws CocaError `interrupted`
 */
export async function retrievalMetrics(
  images: readonly Float32Array[],
  texts: readonly Float32Array[],
  imageOfText: readonly number[],
  ks: readonly number[],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<RetrievalMetrics> {
  const ofText = texts.map((text, t) => new Place(dot(text, images[imageOfText[t]!]!), imageOfText[t]!));
  const ofImage: Place[] = [];
  for (const [t, { score }] of ofText.entries()) {
    const image = imageOfText[t]!;
    // Of a picture's texts the most similar counts, of equals the first.
    if (!ofImage[image] || score > ofImage[image].score) ofImage[image] = new Place(score, t);
  }
  let turn = performance.now();
  for (const [t, text] of texts.entries()) {
    for (const [i, image] of images.entries()) {
      const score = dot(text, image);
      ofText[t]!.meet(score, i);
      ofImage[i]!.meet(score, t);
    }
    if (performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    stopIfAborted(signal);
    turn = performance.now();
  }
  const within = (places: readonly Place[], k: number) => places.filter(({ rank }) => rank < k).length / places.length;
  return Object.fromEntries(
    ks.flatMap((k) => [
      [`image_retrieval_recall@${k}`, within(ofText, k)],
      [`text_retrieval_recall@${k}`, within(ofImage, k)],
    ]),
  );
}

/** The right answer to a query, and how many others come before it. */
class Place {
  rank = 0;

  constructor(
    readonly score: number,
    private readonly index: number,
  ) {}

  meet(score: number, index: number): void {
    if (score > this.score || (score === this.score && index < this.index)) this.rank++;
  }
}
