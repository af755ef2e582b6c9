import { openPicture } from './decode.js';
import { place, type Region, type ResizeMode, type Size } from './geometry.js';
import type { Picture, Pixels } from './picture.js';
import { openAsPillow, type ResizablePicture } from './pillow/open.js';
import { axis, type Interpolation } from './resample/axis.js';
import { resample } from './resample/resample.js';

export { MAX_PIXELS } from './decode.js';
export type { ResizeMode } from './geometry.js';
export { normalise } from './normalise.js';
export type { Interpolation } from './resample/axis.js';
export { type ImageFormat, SUPPORTED_FORMATS, sniffImage } from './sniff.js';

/** How a model wants its pictures: the fields of OpenCLIP's `preprocess_cfg` that concern pixels. */
export interface PictureOptions {
  /** Side of the square in model pixels. */
  readonly size: number;
  /** Default: shortest. */
  readonly resizeMode?: ResizeMode;
  /** Default: bicubic. */
  readonly interpolation?: Interpolation;
  /** Brightness (0 to 255) of the padding that `longest` adds. Default: 0. */
  readonly fillColor?: number;
  /** Default: upright. `openclip`: see `loadPicture`. */
  readonly pixels?: Pixels;
}

/** The part of an output axis that shows the picture: output pixels `from` to `from + count` lie at `at` in the square. */
function shownPart(resized: number, start: number, size: number): { from: number; at: number; count: number } {
  const from = Math.max(0, start);
  const at = Math.max(0, -start);
  return { from, at, count: Math.min(resized - from, size - at) };
}

/**
 * Decodes a picture and does to it what OpenCLIP's evaluation transform does, to the same bytes: resize, centre crop.
 *
 * Format is told by content (JPEG, PNG, WebP, GIF, AVIF, TIFF; of an animation the first frame), EXIF orientation is
 * applied, alpha laid over white, gray, palette, CMYK and 16-bit converted to 8-bit RGB, colour profiles ignored. Where
 * this departs from OpenCLIP, which resizes first and converts after: it ignores orientation, drops alpha instead of
 * laying it over white, cuts 16-bit gray off at 255, and resizes palette and 1-bit pictures without a filter. With `pixels`
 * `openclip` all that is as OpenCLIP does it.
 *
 * Only the pixels that the square needs are resampled, so a strip of 30000 x 1 costs no more than a photograph.
 *
 * @param onOpen told the picture's size before anything is decoded
 * @throws CocaError `bad-image`: not such a picture, damaged or cut short, or more than `MAX_PIXELS` pixels; what `onOpen` throws
 */
export async function loadPicture(
  bytes: Uint8Array,
  options: PictureOptions,
  onOpen?: (source: Size) => void,
): Promise<Picture> {
  const { size, resizeMode = 'shortest', fillColor = 0 } = options;
  const picture = await (options.pixels === 'openclip' ? openAsPillow(bytes) : openUpright(bytes));
  const source = picture.size;
  onOpen?.(source);
  const { resized, left, top } = place(source, size, resizeMode);
  const across = shownPart(resized.width, left, size);
  const down = shownPart(resized.height, top, size);
  // down.count x across.count x 3
  const shown = await picture.resize({ resized, across, down, interpolation: options.interpolation ?? 'bicubic' });
  let rgb = shown;
  if (across.count < size || down.count < size) {
    rgb = new Uint8Array(size * size * 3);
    const padding = picture.padding(fillColor);
    for (let at = 0; at < rgb.length; at += 3) rgb.set(padding, at);
    for (let row = 0; row < down.count; row++) {
      const line = shown.subarray(row * across.count * 3, (row + 1) * across.count * 3);
      rgb.set(line, ((down.at + row) * size + across.at) * 3);
    }
  }

  const scaleX = source.width / resized.width;
  const scaleY = source.height / resized.height;
  const crop = { x: left * scaleX, y: top * scaleY, width: size * scaleX, height: size * scaleY };
  return { source, crop, size, rgb };
}

/** Upright, and in RGB before it is resized. */
async function openUpright(bytes: Uint8Array): Promise<ResizablePicture> {
  const picture = await openPicture(bytes);
  return {
    size: picture.size,
    padding: (brightness) => [brightness, brightness, brightness],
    async resize({ resized, across, down, interpolation }) {
      const { width, height } = picture.size;
      const columns = axis(width, resized.width, across.from, across.count, interpolation);
      const rows = axis(height, resized.height, down.from, down.count, interpolation);
      // Down to the last row: a picture that is cut short or damaged below the square is no whole picture either.
      const region = { left: columns.start, top: rows.start, width: columns.length, height: height - rows.start };
      const pixels = await picture.decode(region);
      return resample(pixels.subarray(0, rows.length * columns.length * 3), columns, rows);
    },
  };
}

/**
 * Decodes a part of a picture and squashes it to the model's square: what OpenCLIP's training transform does with a random
 * part. Decoding is that of `loadPicture`.
 * @param choose the part, in source pixels, once the size of the picture is known
 * @throws CocaError `bad-image`
 */
export async function loadPart(
  bytes: Uint8Array,
  { size, interpolation = 'bicubic' }: PictureOptions,
  choose: (source: Size) => Region,
): Promise<Picture> {
  const picture = await openPicture(bytes);
  const part = choose(picture.size);
  const columns = axis(part.width, size, 0, size, interpolation);
  const rows = axis(part.height, size, 0, size, interpolation);
  const rgb = resample(await picture.decode(part), columns, rows);
  const crop = { x: part.left, y: part.top, width: part.width, height: part.height };
  return { source: picture.size, crop, size, rgb };
}
