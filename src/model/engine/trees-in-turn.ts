import type { Turns } from '../base/turns.js';
import type { ImageTokens, ImageTrees, Network } from './network.js';

/** Trees whose calls take turns with everything else that is asked of a network. */
export async function treesInTurn(network: Network, turns: Turns, tokens: ImageTokens): Promise<ImageTrees> {
  const trees = await turns.take(() => network.openTrees(tokens));
  const replace = trees.replace?.bind(trees);
  return {
    vocabSize: trees.vocabSize,
    batch: trees.batch,
    extend: (rows, candidates) => turns.take(() => trees.extend(rows, candidates)),
    retain: (live) => trees.retain?.(live),
    release: () => trees.release(),
    ...(replace && { replace: (place, image) => turns.take(() => replace(place, image)) }),
  };
}
