import type { Picture } from './picture.js';

/**
 * A batch of pictures as the vision tower takes it: [B, 3, size, size] float32, channels apart, (x / 255 - mean) / std
 * rounded to float32 at each step as torchvision's ToTensor and Normalize do.
 *
 * @param mean red, green, blue in 0..1
 * @param std red, green, blue in 0..1
 */
export function normalise(
  pictures: readonly Picture[],
  mean: readonly number[],
  std: readonly number[],
): Float32Array<ArrayBuffer> {
  const size = pictures[0]?.size ?? 0;
  const plane = size * size;
  const { fround } = Math;
  // One value a byte and channel, so 3 x 256 divisions serve every pixel.
  const values = [0, 1, 2].map((channel) =>
    Float32Array.from({ length: 256 }, (_, byte) =>
      fround(fround(fround(byte / 255) - fround(mean[channel]!)) / fround(std[channel]!)),
    ),
  );
  const out = new Float32Array(pictures.length * 3 * plane);
  pictures.forEach(({ rgb }, b) => {
    values.forEach((table, channel) => {
      const start = (b * 3 + channel) * plane;
      for (let i = 0; i < plane; i++) out[start + i] = table[rgb[i * 3 + channel]!]!;
    });
  });
  return out;
}
