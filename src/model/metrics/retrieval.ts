import { dot } from '../vectors.js';

/** By the names that CLIP_benchmark gives them: `image_retrieval_recall@5` and so on. */
export type RetrievalMetrics = Readonly<Record<string, number>>;

/**
 * Recall at k both ways, as the CLIP papers have it: of the texts, the part whose picture is among the k most similar
 * pictures; of the pictures, the part of which at least one text is among the k most similar texts. Of equally similar
 * ones the earlier comes first.
 * @param images unit vectors
 * @param texts unit vectors
 * @param imageOfText the place of each text's picture
 */
export function retrievalMetrics(
  images: readonly Float32Array[],
  texts: readonly Float32Array[],
  imageOfText: readonly number[],
  ks: readonly number[],
): RetrievalMetrics {
  const ofImage: number[][] = images.map(() => []);
  for (const [text, image] of imageOfText.entries()) ofImage[image]!.push(text);
  const textRanks = texts.map((text, i) => bestRank(text, images, [imageOfText[i]!]));
  const imageRanks = images.map((image, i) => bestRank(image, texts, ofImage[i]!));
  const within = (ranks: readonly number[], k: number) => ranks.filter((rank) => rank < k).length / ranks.length;
  return Object.fromEntries(
    ks.flatMap((k) => [
      [`image_retrieval_recall@${k}`, within(textRanks, k)],
      [`text_retrieval_recall@${k}`, within(imageRanks, k)],
    ]),
  );
}

/** How many candidates come before the best of the right ones. */
function bestRank(query: Float32Array, candidates: readonly Float32Array[], right: readonly number[]): number {
  const scores = Float64Array.from(candidates, (candidate) => dot(query, candidate));
  let best = right[0]!;
  for (const one of right) if (scores[one]! > scores[best]!) best = one;
  const score = scores[best]!;
  let rank = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > score || (scores[i] === score && i < best)) rank++;
  return rank;
}
