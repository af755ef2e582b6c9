/**
 * Pillow's antialiased resampling of 8-bit pictures, bit for bit: the filter is stretched over the source when
 * shrinking, weights are 22-bit fixed point, and the horizontal pass is rounded to 8 bits before the vertical one
 * (Pillow, src/libImaging/Resample.c). OpenCLIP's pictures go through it, so the same ids need the same pixels.
 * Pillow 13 does some tall pictures in the other order; what came before, and trained the released models, never did.
 */
import type { Axis } from './axis.js';
import { resampleByKernel } from './kernel.js';
import { resamplePlainly } from './plain.js';

/**
 * Resamples RGB bytes. `source` holds exactly the pixels that the axes take part in: rows.length x columns.length x 3;
 * the result is rows.count x columns.count x 3.
 */
export function resample(source: Uint8Array, columns: Axis, rows: Axis): Uint8Array {
  return resampleByKernel(source, columns, rows) ?? resamplePlainly(source, columns, rows);
}
