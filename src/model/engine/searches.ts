import { joined } from '../base/numbers/joined.js';
import type { Turns } from '../base/turns.js';
import { PICTURES_AT_ONCE } from '../batch-size.js';
import { certainIds, results, SharedDecoding, startSearch } from '../decoding/index.js';
import { checkFinite } from './finite.js';
import { apart, sideBySide } from './image-tokens.js';
import type { ImageTokens, Network, Searches } from './network.js';
import { treesInTurn } from './trees-in-turn.js';

/**
 * Searches on a network of this process. Its calls take turns with whatever else is asked of the network.
 * @param most how many searches stand beside each other
 */
export function searchesOn(network: Network, turns: Turns, most: number): Searches {
  const model = {
    async encode(pixels: readonly Float32Array[]): Promise<readonly ImageTokens[]> {
      const encoded = await turns.take(() => network.encodeImages(joined(pixels), pixels.length));
      checkFinite(encoded.features, 'image');
      return apart(encoded.tokens);
    },
    open: (images: readonly ImageTokens[]) => treesInTurn(network, turns, sideBySide(images)),
  };
  const shared = new SharedDecoding(model, most, Math.min(most, PICTURES_AT_ONCE));
  return {
    async run({ pixels, options, special, prompt }, { onCertain, signal } = {}) {
      const { state, ms } = await shared.run({
        picture: pixels,
        begin: (vocabSize) => startSearch(options, special, prompt, vocabSize),
        onStep: onCertain && ((step) => onCertain(certainIds(step))),
        signal,
      });
      return { captions: results(state), ms };
    },
  };
}
