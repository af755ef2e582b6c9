/** How well each of two captions fits each of two pictures: `fits[caption][picture]`; higher is better. */
export type PairFits = readonly [readonly [number, number], readonly [number, number]];

/** Parts of the pairs, 0 to 1. By lot they would be 1/4, 1/4 and 1/6. */
export interface WinogroundScores {
  readonly text: number;
  readonly image: number;
  readonly group: number;
}

/**
 * Winoground (Thrush et al. 2022, equations 1 to 3). Text: for each picture its own caption fits better; image: for each caption its own picture does; group:
 * both. What fits equally well is wrong.
 * @param pairs at least one
 */
export function winogroundScores(pairs: readonly PairFits[]): WinogroundScores {
  const part = (holds: (pair: PairFits) => boolean) => pairs.filter(holds).length / pairs.length;
  const isText = ([[a, b], [c, d]]: PairFits) => a > c && d > b;
  const isImage = ([[a, b], [c, d]]: PairFits) => a > b && d > c;
  return { text: part(isText), image: part(isImage), group: part((pair) => isText(pair) && isImage(pair)) };
}
