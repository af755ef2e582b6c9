import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { CocaError } from '../errors.js';
import { asAvif, isPremultiplied } from './avif.js';
import { Budget } from './budget.js';
import type { Size } from './geometry.js';
import { firstFrame } from './gif.js';
import { hasWholeScans } from './jpeg/scans.js';
import { pictureOnly } from './jpeg/segments.js';
import { type Samples, toRgb } from './pixels.js';
import { REHEARSED_FROM, rehearse } from './rehearsal.js';
import { type ImageFormat, requireImage } from './sniff.js';
import { readSamples, type TiffSamples } from './tiff.js';

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
const OPTIONS = { ignoreIcc: true, limitInputPixels: false, limitInputChannels: 8 } satisfies SharpOptions;

type Decoder = (bytes: Uint8Array, failOn: 'error' | 'warning') => Sharp;

/** Loaded with the first picture: what needs no picture should not wait 40 ms for libvips. */
async function openSharp(): Promise<Decoder> {
  const { default: sharp } = await import('sharp');
  return (bytes, failOn) => sharp(bytes, { ...OPTIONS, failOn });
}

/**
 * What of libvips' complaints means that a picture is not whole. Its warnings are about what other formats carry beside the
 * picture; in a JPEG they are libjpeg's, about harmless oddities and missing pixels alike. So a JPEG's scans are gone through
 * here, and warnings count only for the kinds with which that cannot be done.
 * @throws Error for a JPEG whose scans are not whole
 */
function fatal(format: ImageFormat, bytes: Uint8Array): 'error' | 'warning' {
  if (format !== 'jpeg') return 'error';
  const whole = hasWholeScans(bytes);
  if (whole === false) throw new Error('a scan is cut short, or has codes that are none');
  return whole ? 'error' : 'warning';
}

/** What of a file is decoded: of an animation the first frame. */
function decodedPart(format: ImageFormat, file: Uint8Array): Uint8Array {
  if (format === 'gif') return firstFrame(file);
  if (format === 'avif') return asAvif(file);
  return format === 'jpeg' ? pictureOnly(file) : file;
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

/**
 * What the samples are that libvips gives, once it is known how many a pixel has: colours first.
 * @param tiff what a TIFF says about them; otherwise the one after the colours is alpha
 */
function samplesOf(count: number, cmyk: boolean, tiff: TiffSamples | undefined, isPremultiplied: boolean): Samples {
  const first = cmyk ? 4 : 3;
  const extra = tiff ? tiff.alpha : 0;
  const alpha = extra !== undefined && count > first ? first + extra : undefined;
  return { colours: cmyk ? 'cmyk' : (tiff?.ycc ?? 'rgb'), count, alpha, isPremultiplied };
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
  const tiff = format === 'tiff' ? readSamples(bytes) : undefined;
  const sharp = await openSharp();
  const header = await sharp(bytes, 'error')
    .metadata()
    .catch((cause) => Promise.reject(undecodable(format, cause)));
  check(format, header);
  const cmyk = header.space === 'cmyk';
  const size = { width: header.autoOrient.width, height: header.autoOrient.height };
  const pixels = size.width * size.height;

  const decode = async (region: Region): Promise<Uint8Array> => {
    let failOn: 'error' | 'warning';
    try {
      failOn = fatal(format, bytes);
      if (pixels > REHEARSED_FROM) await rehearse(format, bytes, header, sharp(bytes, failOn));
    } catch (cause) {
      throw undecodable(format, cause);
    }
    let pipeline = sharp(bytes, failOn).autoOrient();
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
    return toRgb(data, samplesOf(info.channels, cmyk, tiff, format === 'avif' && isPremultiplied(bytes)));
  };

  return { size, decode: (region) => budget.spend(pixels, () => decode(region)) };
}
