import { CocaError } from '../../base/errors.js';
import { openPicture } from '../decode.js';
import type { Size } from '../geometry.js';
import { isGrayRamp, withoutTransparency } from '../gif.js';
import { type Colour, fillOutside, toRgb } from '../pixels.js';
import { axis, type Interpolation } from '../resample/axis.js';
import { resample } from '../resample/resample.js';
import { type ImageFormat, requireImage } from '../sniff.js';
import { type Mode, modeOf } from './mode.js';
import { nearest, resampleWide, resampleWithAlpha, triples } from './resize.js';

/** A resize of the whole picture, and the part of the result that is wanted. */
export interface Resize {
  readonly resized: Size;
  readonly across: { readonly from: number; readonly count: number };
  readonly down: { readonly from: number; readonly count: number };
  readonly interpolation: Interpolation;
}

/** A picture whose header was read. */
export interface ResizablePicture {
  readonly size: Size;
  /** RGB bytes of the wanted part: down.count x across.count x 3. Throws CocaError `bad-image`. */
  resize(how: Resize): Promise<Uint8Array>;
  /** The colour of padding of a brightness. Throws CocaError `bad-image` where it is not known. */
  padding(brightness: number): Colour;
}

/**
 * A picture as Pillow opens it and OpenCLIP's transform goes on: not turned by EXIF (but for TIFF, which Pillow turns as it
 * reads it), resized in the mode that its file has, then `convert('RGB')`.
 * @throws CocaError `bad-image`, also for kinds that Pillow reads otherwise than can be told here
 */
export async function openAsPillow(file: Uint8Array): Promise<ResizablePicture> {
  const format = requireImage(file);
  const { bytes, around } = format === 'gif' ? withoutTransparency(file) : { bytes: file, around: 0 };
  const picture = await openPicture(bytes, { isUpright: format === 'tiff', around });
  const { size, header, canvas } = picture;
  const mode = format === 'gif' && isGrayRamp(bytes) ? 'RGB' : modeOf(format, bytes, header);
  if (mode instanceof CocaError) throw mode;
  return {
    size,
    padding: (brightness) => paddingOf(mode, brightness, format),
    async resize({ resized, across, down, interpolation }) {
      const whole = { left: 0, top: 0, ...size };
      const { data, samples, isWide } = await picture.decodeSamples(whole, mode === 'I;16');
      if (mode === 'P') {
        const rgb = triples(data, samples.count, [0, 1, 2]);
        if (canvas?.colour) fillOutside(rgb, whole, canvas.covered, canvas.colour);
        return nearest(rgb, size, resized, across, down);
      }
      const columns = axis(size.width, resized.width, across.from, across.count, interpolation);
      const rows = axis(size.height, resized.height, down.from, down.count, interpolation);
      const part = (places: readonly [number, number, number]) =>
        resample(cut(triples(data, samples.count, places), size, columns, rows), columns, rows);
      if (mode === 'I;16' && isWide) return resampleWide(data, samples.count, size, columns, rows);
      if (mode === 'CMYK') {
        const [inks, black] = [part([0, 1, 2]), part([3, 3, 3])];
        const four = new Uint8Array((inks.length / 3) * 4);
        for (let i = 0; i < inks.length / 3; i++) four.set([...inks.subarray(3 * i, 3 * i + 3), black[3 * i]!], 4 * i);
        return toRgb(four, { colours: 'cmyk', count: 4 });
      }
      const isSame = resized.width === size.width && resized.height === size.height;
      if (mode === 'RGBA' && !isSame) {
        const alpha = samples.alpha ?? samples.count - 1;
        return resampleWithAlpha(data, samples.count, alpha, (triple) =>
          resample(cut(triple, size, columns, rows), columns, rows),
        );
      }
      if (samples.colours === 'rgb') return part([0, 1, 2]);
      const rgb = toRgb(data, { ...samples, alpha: undefined });
      return resample(cut(rgb, size, columns, rows), columns, rows);
    },
  };
}

/** The pixels that two axes take part in, out of a whole picture's RGB bytes. */
function cut(
  rgb: Uint8Array,
  { width }: Size,
  columns: { readonly start: number; readonly length: number },
  rows: { readonly start: number; readonly length: number },
): Uint8Array {
  if (columns.length === width) return rgb.subarray(rows.start * width * 3, (rows.start + rows.length) * width * 3);
  const part = new Uint8Array(rows.length * columns.length * 3);
  for (let row = 0; row < rows.length; row++) {
    const from = ((rows.start + row) * width + columns.start) * 3;
    part.set(rgb.subarray(from, from + columns.length * 3), row * columns.length * 3);
  }
  return part;
}

/** OpenCLIP pads before it converts: with the samples of the picture's own mode. */
function paddingOf(mode: Mode, brightness: number, format: ImageFormat): Colour {
  if (mode === 'P') {
    throw new CocaError(
      'bad-image',
      `OpenCLIP pads a ${format.toUpperCase()} of few colours with one of its own, which pixels openclip does not do`,
      'choose upright pixels, or convert the picture to RGB',
    );
  }
  const light =
    mode === 'CMYK' ? toRgb(new Uint8Array(4).fill(brightness), { colours: 'cmyk', count: 4 })[0]! : brightness;
  return [light, light, light];
}
