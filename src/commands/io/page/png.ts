import type { Raster } from '../../../ui/picture/raster.js';

/** A picture as a PNG for a file: small rather than fast. */
export async function pngOf({ size, rgb }: Raster): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}
