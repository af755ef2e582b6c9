import sharp from 'sharp';

/** An animation whose frame i is all of one gray. @param grays one a frame, all different */
export function grayAnimation(
  format: 'gif' | 'webp',
  grays: readonly number[],
  { width = 24, height = 16, delay = 100 } = {},
): Promise<Buffer> {
  const pixels = Buffer.concat(grays.map((gray) => Buffer.alloc(width * height * 3, gray)));
  const raw = { width, height: height * grays.length, channels: 3, pageHeight: height } as const;
  const moving = sharp(pixels, { raw });
  const delays = grays.map(() => delay);
  return (format === 'gif' ? moving.gif({ delay: delays }) : moving.webp({ lossless: true, delay: delays })).toBuffer();
}
