import type { AttentionName, Place, PlacePart } from './ops.js';

/** A place as one word: `attention.vision.3`, `mlp.cross.0`, `residual.decoder_self.2`. */
export const placeName = ({ part, name, layer }: Place): string => `${part}.${name}.${layer}`;

/** The place of a name that `placeName` made. */
export function parsePlace(word: string): Place {
  const [, part, name, layer] = /^([a-z]+)\.(.+)\.(\d+)$/.exec(word)!;
  return { part: part as PlacePart, name: name as AttentionName, layer: Number(layer) };
}
