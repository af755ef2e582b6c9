import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { CocaError } from '../base/errors.js';
import { Budget } from './budget.js';
import type { Size } from './geometry.js';
import { firstFrame } from './gif.js';
import { withoutStrayBytes } from './jpeg.js';
import { cmykToRgb, overWhite } from './pixels.js';
import { REHEARSED_FROM, rehearse } from './rehearsal.js';
import { type ImageFormat, requireImage } from './sniff.js';

/**
 * The most pixels a picture may have, and the most that are decoded at one time. Measured at this size, with alpha: the
 * whole process takes 0.6 GB for a PNG, and 1.06 GB for a WebP, which cannot be decoded in strips. Phones make 108 million.
 */
export const MAX_PIXELS = 120_000_000;

/** A rectangle in source pixels, after EXIF orientation. */
export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

const FORMAT_NAMES: Record<ImageFormat, string> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  avif: 'AVIF',
  tiff: 'TIFF',
};

/** OpenCLIP ignores colour profiles, so the weights never saw them applied. */
const OPTIONS = { ignoreIcc: true, limitInputPixels: false } satisfies SharpOptions;

/**
 * What ends early or cannot be decoded is refused. Damage in a JPEG's scans is a warning of libjpeg, which fills in what is
 * missing: refused, too. Warnings about other formats are about what they carry beside the picture.
 */
const failOn = (format: ImageFormat) => (format === 'jpeg' ? 'warning' : 'error');

/** Loaded with the first picture: what needs no picture should not wait 40 ms for libvips. */
async function openSharp(format: ImageFormat): Promise<(bytes: Uint8Array) => Sharp> {
  const { default: sharp } = await import('sharp');
  return (bytes) => sharp(bytes, { ...OPTIONS, failOn: failOn(format) });
}

/** What of a file is decoded: of an animation the first frame. */
function decodedPart(format: ImageFormat, file: Uint8Array): Uint8Array {
  if (format === 'gif') return firstFrame(file);
  return format === 'jpeg' ? withoutStrayBytes(file) : file;
}

const budget = new Budget(MAX_PIXELS);

/** libvips keeps one list of complaints for all decoders at work, so which picture its words are about is not known. */
function undecodable(format: ImageFormat, cause: unknown): CocaError {
  return new CocaError(
    'bad-image',
    `cannot decode this ${FORMAT_NAMES[format]}: it is damaged, cut short or of an unusual kind`,
    'fetch it again, or convert it',
    { cause },
  );
}

function check(format: ImageFormat, header: Metadata): void {
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
  // 16-bit RGB and gray become 8-bit by dropping the low byte; there is no such rule for 16-bit inks or floats.
  const wide = header.depth === 'ushort' && (header.space === 'rgb16' || header.space === 'grey16');
  if (header.depth !== 'uchar' && !wide) {
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
  /** RGB bytes of a region: 8 bits a channel, alpha laid over white. */
  decode(region: Region): Promise<Uint8Array>;
}

/**
 * Reads the header of a picture (of an animation: its first frame).
 * @throws CocaError `bad-image`: not one of the supported formats by content, damaged, or too large. `decode` of the
 * result throws it for pixels that are missing or damaged.
 */
export async function openPicture(file: Uint8Array): Promise<OpenPicture> {
  const format = requireImage(file);
  const bytes = decodedPart(format, file);
  const sharp = await openSharp(format);
  const header = await sharp(bytes)
    .metadata()
    .catch((cause) => Promise.reject(undecodable(format, cause)));
  check(format, header);
  const size = { width: header.autoOrient.width, height: header.autoOrient.height };
  const pixels = size.width * size.height;

  const decode = async (region: Region): Promise<Uint8Array> => {
    if (pixels > REHEARSED_FROM) {
      await rehearse(format, bytes, header, sharp(bytes)).catch((cause) => Promise.reject(undecodable(format, cause)));
    }
    const cmyk = header.space === 'cmyk';
    let pipeline = sharp(bytes).autoOrient();
    if (region.width < size.width || region.height < size.height) pipeline = pipeline.extract(region);
    // Asked for CMYK in and out, libvips leaves the inks alone.
    pipeline = cmyk ? pipeline.pipelineColourspace('cmyk').toColourspace('cmyk') : pipeline.toColourspace('srgb');
    const { data, info } = await pipeline
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
      .catch((cause) => Promise.reject(undecodable(format, cause)));
    if (info.width !== region.width || info.height !== region.height) {
      throw undecodable(
        format,
        new Error(`${info.width} x ${info.height} pixels of ${region.width} x ${region.height}`),
      );
    }
    if (cmyk && info.channels === 4) return cmykToRgb(data);
    if (!cmyk && info.channels === 3) return data;
    if (!cmyk && info.channels === 4) return overWhite(data);
    throw new CocaError('bad-image', `${FORMAT_NAMES[format]} with ${info.channels} channels`, 'convert it to RGB');
  };

  return { size, decode: (region) => budget.spend(pixels, () => decode(region)) };
}
