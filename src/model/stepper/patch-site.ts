import { CocaError } from '../base/errors.js';
import { type CocaConfig, gridSize, imageTokenCount } from '../config/config.js';

/**
 * Where another picture's activations are put: all image tokens or one, or what leaves a layer of the vision tower, everywhere or
 * around one patch. Sites are named as `coca trace` names them, a position stands behind a colon.
 */
export type PatchSite =
  | { readonly part: 'image'; readonly position?: number | undefined }
  | { readonly part: 'vision'; readonly layer: number; readonly position?: number | undefined };

/** Where a patch goes unless it is said: to everything that the decoder sees of a picture. */
export const WHOLE = 'image';

/**
 * The site that a word names.
 * @throws CocaError `usage`, naming the sites that there are, for one that the model does not have
 */
export function parsePatchSite(word: string, config: CocaConfig): PatchSite {
  const match = /^(?:(image)|vision\.(\d+))(?::(\d+))?$/.exec(word);
  const [layers, tokens, grid] = [config.vision.layers, imageTokenCount(config), gridSize(config)];
  const [, image, layerWord, positionWord] = match ?? [];
  const layer = Number(layerWord ?? 0);
  const position = positionWord === undefined ? undefined : Number(positionWord);
  const positions = image ? tokens : grid * grid;
  if (!match || layer >= layers || (position !== undefined && position >= positions)) {
    const problem = `there is no place '${word}' for another picture's activations`;
    throw new CocaError('usage', problem, `there are ${describePatchSites(config)}`);
  }
  return image ? { part: 'image', position } : { part: 'vision', layer, position };
}

/** All sites of a model in a few words, for errors and help. */
export function describePatchSites(config: CocaConfig): string {
  const [layers, tokens, patches] = [config.vision.layers, imageTokenCount(config), gridSize(config) ** 2];
  return (
    `image (all image tokens; image:0 to image:${tokens - 1} are one), and vision.0 to vision.${layers - 1} ` +
    `(what leaves a layer; vision.0:0 to vision.0:${patches - 1} are around one patch)`
  );
}
