import type { Metadata, Sharp } from 'sharp';
import { hasSoundPixelChunks } from './png.js';
import type { ImageFormat } from './sniff.js';

/** Pictures of more pixels are rehearsed: smaller ones are decoded, or found to be damaged, in little memory anyway. */
export const REHEARSED_FROM = 16_000_000;

/** JPEG and WebP are decoded reduced by this much, JPEG in a quarter of the time or less. */
const REDUCTION = 8;

/** What libvips need not hold whole to go through it. */
const STREAMED: ReadonlySet<ImageFormat> = new Set(['jpeg', 'png', 'webp', 'tiff']);

/**
 * Goes through all of a large picture and keeps almost nothing of it, so that one that turns out to be damaged at its very
 * end has not taken the memory of all its pixels. What decoders hold whole (GIF, AVIF, progressive JPEGs, interlaced PNGs)
 * is not gone through twice.
 * @throws what the decoder throws; an Error for a PNG whose checksums are wrong
 */
export async function rehearse(format: ImageFormat, file: Uint8Array, header: Metadata, image: Sharp): Promise<void> {
  // Sooner than any decoder: a picture that was not fetched to its end, or lost bits on the way.
  if (format === 'png' && !hasSoundPixelChunks(file)) {
    throw new Error('a chunk of pixels is cut short, or its checksum is wrong');
  }
  if (!STREAMED.has(format) || header.isProgressive) return;
  const reduced = (side: number): number => Math.ceil(side / REDUCTION);
  await image
    .resize({ width: reduced(header.width), height: reduced(header.height), fit: 'fill' })
    .raw()
    .toBuffer();
}
