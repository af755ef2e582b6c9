import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { CocaError } from '../base/errors.js';
import { Budget } from './budget.js';
import type { Region, Size } from './geometry.js';
import { fillOutside, highBytes, toRgb } from './pixels.js';
import { type Fatal, FORMAT_NAMES, prepare, undecodable } from './prepare.js';
import { REHEARSED_FROM, rehearse } from './rehearsal.js';
import { type ImageFormat, requireImage } from './sniff.js';

/**
 * The most pixels a picture may have, and the most that are decoded at one time. Measured at this size, with alpha: the
 * whole process takes 0.6 GB for a PNG, and 1.06 GB for a WebP, which cannot be decoded in strips. Phones make 108 million.
 */
export const MAX_PIXELS = 120_000_000;

/** OpenCLIP ignores colour profiles, so the weights never saw them applied. */
const OPTIONS = { ignoreIcc: true, limitInputPixels: false, limitInputChannels: 8 } satisfies SharpOptions;

/** Colours whose 16-bit samples become 8-bit by dropping the low byte. There is no such rule for signed numbers or floats. */
const WIDE: ReadonlySet<string> = new Set(['rgb16', 'grey16', 'cmyk']);

type Decoder = (bytes: Uint8Array, failOn: Fatal) => Sharp;

/** Loaded with the first picture: what needs no picture should not wait 40 ms for libvips. */
async function openSharp(): Promise<Decoder> {
  const { default: sharp } = await import('sharp');
  return (bytes, failOn) => sharp(bytes, { ...OPTIONS, failOn });
}

const budget = new Budget(MAX_PIXELS);

function checkHeader(format: ImageFormat, header: Metadata): void {
  // libvips chose its decoder by itself: it must have seen what we saw. AVIF is one kind of HEIF file.
  if (header.format !== (format === 'avif' ? 'heif' : format)) {
    throw new CocaError('bad-image', `says it is ${FORMAT_NAMES[format]}, but decodes as ${header.format}`);
  }
  const { width, height } = header;
  if (width * height > MAX_PIXELS) {
    throw new CocaError(
      'bad-image',
      `${width} x ${height} pixels are more than the ${MAX_PIXELS / 1e6} million that are decoded`,
      'scale the picture down first',
    );
  }
  if (header.depth !== 'uchar' && !(header.depth === 'ushort' && WIDE.has(header.space))) {
    throw new CocaError(
      'bad-image',
      `${FORMAT_NAMES[format]} with ${header.space} samples of type ${header.depth}`,
      'convert the picture to 8-bit RGB',
    );
  }
}

/** What a picture's header says, before its pixels are decoded. */
export interface OpenPicture {
  /** After EXIF orientation. */
  readonly size: Size;
  /** RGB bytes of a region, after EXIF orientation: 8 bits a channel, alpha laid over white. */
  decode(region: Region): Promise<Uint8Array>;
}

/**
 * Reads the header of a picture (of an animation: its first frame).
 * @throws CocaError `bad-image`: not one of the supported formats by content, damaged, or too large. `decode` of the
 * result throws it for pixels that are missing or damaged.
 */
export async function openPicture(file: Uint8Array): Promise<OpenPicture> {
  const format = requireImage(file);
  const { bytes, check, samples, canvas } = prepare(format, file);
  const sharp = await openSharp();
  const header = await sharp(bytes, 'error')
    .metadata()
    .catch((cause) => Promise.reject(undecodable(format, cause)));
  checkHeader(format, header);
  const isCmyk = header.space === 'cmyk';
  const size = { width: header.autoOrient.width, height: header.autoOrient.height };
  const pixels = size.width * size.height;
  // libvips takes screens of some sizes (640 x 480 among them) for mistakes, and makes them as large as the frame.
  if (canvas && (canvas.size.width !== size.width || canvas.size.height !== size.height)) {
    throw undecodable(format, new Error('the first frame is smaller than the screen'));
  }

  const decode = async (region: Region): Promise<Uint8Array> => {
    const failOn = check();
    if (pixels > REHEARSED_FROM) {
      await rehearse(format, bytes, header, sharp(bytes, failOn)).catch((cause) =>
        Promise.reject(undecodable(format, cause)),
      );
    }
    let pipeline = sharp(bytes, failOn).autoOrient();
    if (region.width < size.width || region.height < size.height) pipeline = pipeline.extract(region);
    // Asked for CMYK in and out, libvips leaves the inks alone.
    pipeline = isCmyk ? pipeline.pipelineColourspace('cmyk').toColourspace('cmyk') : pipeline.toColourspace('srgb');
    // libvips narrows 16-bit RGB and gray on the way to sRGB.
    const depth = isCmyk ? header.depth : 'uchar';
    const { data, info } = await pipeline
      .raw({ depth: depth as 'uchar' | 'ushort' })
      .toBuffer({ resolveWithObject: true })
      .catch((cause) => Promise.reject(undecodable(format, cause)));
    if (info.width !== region.width || info.height !== region.height) {
      throw undecodable(
        format,
        new Error(`${info.width} x ${info.height} pixels of ${region.width} x ${region.height}`),
      );
    }
    const rgb = toRgb(depth === 'ushort' ? highBytes(data) : data, samples(info.channels, isCmyk));
    if (canvas?.colour) fillOutside(rgb, region, canvas.covered, canvas.colour);
    return rgb;
  };

  return { size, decode: (region) => budget.spend(pixels, () => decode(region)) };
}
