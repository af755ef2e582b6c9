import { contextLength, imageTokenCount, type ModelConfig } from './config/config.js';
import type { DecodingOptions } from './decoding/knobs.js';

/** From here on a row of a step costs as much as any other: more side by side save nothing. */
const ROWS_A_STEP = 48;
/** How many pictures go through the vision tower together: more take as long each, and a search would wait for them. */
export const PICTURES_AT_ONCE = 8;
const MOST_PICTURES = 32;
/** The part of a machine's memory that a batch may take, beside the weights. */
const MEMORY_PART = 1 / 8;
const FLOAT_BYTES = 4;

/**
 * How many pictures to take side by side: 8 through the vision tower alone; with a search as many as make 48 rows a step (a
 * row for each beam or sample), 32 at most; of either no more than an eighth of the memory holds. The same for the same
 * model, search and machine.
 * @param memory of the machine, in bytes
 */
export function batchThatFits(config: ModelConfig, memory: number, search?: DecodingOptions): number {
  const rows = search ? rowsOf(search) : 1;
  const wanted = search ? Math.min(MOST_PICTURES, Math.floor(ROWS_A_STEP / rows)) : PICTURES_AT_ONCE;
  const bytes = pixelBytes(config) + (search ? treeBytes(config, rows, search) : 0);
  return Math.max(1, Math.min(wanted, Math.floor((memory * MEMORY_PART) / bytes)));
}

function rowsOf({ strategy, beams, num }: DecodingOptions): number {
  if (strategy === 'beam') return beams;
  return strategy === 'sample' ? num : 1;
}

/** Pixels, and the activations of the vision tower's widest layer. */
function pixelBytes({ vision }: ModelConfig): number {
  const patches = (vision.image_size / vision.patch_size) ** 2;
  return FLOAT_BYTES * (3 * vision.image_size ** 2 + 8 * patches * vision.width);
}

/** Keys and values of the image and of a text's longest tree, logits. */
function treeBytes(config: ModelConfig, rows: number, { maxLength }: DecodingOptions): number {
  const { text, multimodal } = config;
  if (multimodal === null) return 0;
  const slots = rows * Math.min(maxLength, contextLength(config));
  const image = multimodal.layers * imageTokenCount({ ...config, multimodal }) * multimodal.width;
  const own = slots * (text.layers * text.width + multimodal.layers * multimodal.width);
  return FLOAT_BYTES * (2 * (image + own) + rows * text.vocab_size);
}
