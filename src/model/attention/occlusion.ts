import type { Coca } from '../api.js';
import { stopIfAborted } from '../base/errors.js';
import type { Picture } from '../image/picture.js';
import { patchesAround, withoutPatches } from './faithfulness.js';
import { OCCLUSION_WINDOW } from './maps.js';
import type { Occlusion } from './raw.js';

/** Pictures that go through the model at once. */
const BATCH = 16;

export interface OcclusionOptions {
  /** Patches along one side of the square that the model sees. */
  readonly grid: number;
  /** Side of the blank in patches, 1 to `grid`; it slides by one patch. */
  readonly window?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives the part that is done, from 0 to 1. */
  readonly onProgress?: ((part: number) => void) | undefined;
}

/**
 * Blanks a window of patches at a time, centred on each patch in turn and cut off at the edges, with the picture's mean
 * colour, and reads the caption again (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks"): a
 * map that takes nothing from inside the model.
 * @param ids the caption, from the start token
 * @param logprobs of the caption under the whole picture, one for each id after the start token
 * @throws CocaError `interrupted`
 */
export async function occlude(
  coca: Pick<Coca, 'encodeImages' | 'readCaption'>,
  picture: Picture,
  ids: readonly number[],
  logprobs: readonly number[],
  { grid, window = OCCLUSION_WINDOW, signal, onProgress }: OcclusionOptions,
): Promise<Occlusion> {
  const windows = Array.from({ length: grid * grid }, (_, centre) => patchesAround(centre, grid, window));
  const patches = grid * grid;
  const falls = new Float32Array(logprobs.length * patches);
  const covered = new Float32Array(patches);
  for (let start = 0; start < windows.length; start += BATCH) {
    stopIfAborted(signal, 'stopped before the whole picture was blanked');
    onProgress?.(start / windows.length);
    const some = windows.slice(start, start + BATCH);
    const images = await coca.encodeImages(some.map((blank) => withoutPatches(picture, grid, blank)));
    const readings = await coca.readCaption(images, ids);
    for (const [i, blank] of some.entries()) {
      for (const patch of blank) {
        covered[patch]! += 1;
        for (const [row, logprob] of logprobs.entries()) {
          falls[row * patches + patch]! += logprob - readings[i]![row]!;
        }
      }
    }
  }
  for (let i = 0; i < falls.length; i++) falls[i]! /= covered[i % patches]!;
  onProgress?.(1);
  return { window, passes: windows.length, falls };
}
