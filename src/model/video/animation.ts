import { CocaError } from '../base/errors.js';
import { MAX_PIXELS } from '../image/decode.js';
import { gifFrames } from '../image/gif.js';
import { FORMAT_NAMES, undecodable } from '../image/prepare.js';
import { evenly } from './clip.js';
import type { FrameFile } from './film.js';

/**
 * The most pixels of an animation, all its frames together: to show one, a decoder goes through all before it.
 */
export const MAX_ANIMATION_PIXELS = 10 * MAX_PIXELS;

/**
 * Frames of an animated GIF or WebP, evenly (`evenly`), as files: the first as it is, the others as PNG. Times are the sums of the
 * delays that the file has.
 * @returns undefined for a picture that does not move
 * @throws CocaError `bad-image`: any frame of it is damaged or missing, or there are more pixels than are decoded
 */
export async function animationFrames(
  format: 'gif' | 'webp',
  bytes: Uint8Array,
  wanted: number,
): Promise<readonly FrameFile[] | undefined> {
  const { default: sharp } = await import('sharp');
  const failed = (cause: unknown) => Promise.reject(undecodable(format, cause));
  const options = { failOn: 'error', ignoreIcc: true, limitInputPixels: false } as const;
  const gif = format === 'gif' ? gifFrames(bytes) : undefined;
  const {
    pages = 1,
    width,
    pageHeight,
    height,
    delay,
  } = await sharp(bytes, { ...options, pages: -1 })
    .metadata()
    .catch(failed);
  const count = gif?.count ?? pages;
  if (count <= 1 && gif?.isCut !== true) return undefined;
  const found = { width, height: pageHeight ?? height };
  const size = gif?.size ?? found;
  const pixels = size.width * size.height * count;
  if (pixels > MAX_ANIMATION_PIXELS) {
    throw new CocaError(
      'bad-image',
      `${FORMAT_NAMES[format]} of ${count} frames of ${size.width} x ${size.height} pixels: more than the ${MAX_ANIMATION_PIXELS / 1e6} million in all that are decoded`,
      'scale it down, or take fewer frames of it',
    );
  }
  if (gif && (gif.isCut || gif.count !== pages || !gif.isWhole())) {
    throw undecodable(format, new Error('a frame is missing, or has too few pixels'));
  }
  // libvips takes screens of some sizes for mistakes, and makes them as large as the frame.
  if (found.width !== size.width || found.height !== size.height) {
    throw undecodable(format, new Error('the first frame is smaller than the screen'));
  }
  const frames: FrameFile[] = [];
  for (const index of evenly(count, wanted)) {
    const time = (delay ?? []).slice(0, index).reduce((sum, one) => sum + one, 0) / 1000;
    const frame =
      index === 0
        ? bytes
        : await sharp(bytes, { ...options, page: index, pages: 1 })
            .toColourspace('srgb')
            .png({ compressionLevel: 1 })
            .toBuffer()
            .catch(failed);
    frames.push({ index, time: delay ? time : null, bytes: frame });
  }
  return frames;
}
