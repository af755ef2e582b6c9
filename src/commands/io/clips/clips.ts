import type { OptionSpecs } from '../../../cli/command.js';
import type { MeasuredClip } from '../../../model/attention/index.js';
import type { Picture } from '../../../model/image/picture.js';
import { type Frame, isClip, MOST_FRAMES } from '../../../model/video/clip.js';
import { mapRows } from '../map-rows.js';

/** Option of every command that takes clips beside pictures. */
export const FRAMES_OPTION = {
  frames: {
    type: 'integer',
    min: 1,
    max: MOST_FRAMES,
    placeholder: 'N',
    description:
      'N frames, taken evenly, of a video, a moving GIF or WebP, or a folder that is one clip; a video has 8 without it (coca help video)',
  },
} as const satisfies OptionSpecs;

/** How clips are looked at. */
export interface ClipChoice {
  /** Without it, a video has `DEFAULT_FRAMES` of them, and nothing else is a clip. */
  readonly frames: number | undefined;
}

/** What JSON says of a clip beside its result; nothing of a picture. */
export function clipFields(picture: Picture): { readonly frames?: readonly object[] } {
  return isClip(picture) ? { frames: picture.frames.map(({ index, time }) => ({ index, time })) } : {};
}

/** What JSON says of a map over a clip: those of all frames sum to 1 together. */
export function clipMapFields(
  { frames, shares, peakFrame }: MeasuredClip,
  clip: readonly Frame[],
  grid: number,
): object {
  const { entropy, isFlat } = frames[0]!;
  return {
    peak: { frame: clip[peakFrame]!.index, ...frames[peakFrame]!.peak },
    entropy,
    flat: isFlat,
    frames: frames.map(({ map, peak }, i) => ({
      index: clip[i]!.index,
      time: clip[i]!.time,
      share: shares[i],
      peak,
      map: mapRows(map, grid),
    })),
  };
}
