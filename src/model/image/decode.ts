import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { CocaError } from '../base/errors.js';
import { threadLimit } from '../base/processes/threads.js';
import { Budget, SharedBudget } from './budget.js';
import type { Region, Size } from './geometry.js';
import type { Canvas } from './gif.js';
import { fillOutside, highBytes, type Samples, toRgb } from './pixels.js';
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
  const threads = threadLimit();
  // One number for the whole process: threads that decode have set it to 1.
  if (threads !== undefined && sharp.concurrency() > threads) sharp.concurrency(threads);
  return (bytes, failOn) => sharp(bytes, { ...OPTIONS, failOn });
}

let budget: Budget | SharedBudget = new Budget(MAX_PIXELS);

/**
 * Lets this thread and others decode `MAX_PIXELS` at one time together, and not each for itself.
 * @param pixelsInUse four bytes that they share
 */
export function decodeWithin(pixelsInUse: SharedArrayBuffer): void {
  budget = new SharedBudget(MAX_PIXELS, pixelsInUse);
}

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

/** Samples of a region as they are decoded, before they become RGB bytes. */
export interface Decoded {
  /** 8 bits a sample; 16 in this machine's order where `isWide`. */
  readonly data: Uint8Array;
  readonly samples: Samples;
  readonly isWide: boolean;
}

/** What a picture's header says, before its pixels are decoded. */
export interface OpenPicture {
  readonly format: ImageFormat;
  readonly header: Metadata;
  readonly size: Size;
  /** RGB bytes of a region: 8 bits a channel, alpha laid over white. */
  decode(region: Region): Promise<Uint8Array>;
  /** A part that the picture covers, and the colour of the rest. */
  readonly canvas?: Canvas | undefined;
  /** The samples of a region themselves, nothing filled in around them; `keepsWide`: of 16-bit gray all their bits. */
  decodeSamples(region: Region, keepsWide: boolean): Promise<Decoded>;
}

/**
 * Reads the header of a picture (of an animation: its first frame).
 * @param options `isUpright`: size and pixels are those after EXIF orientation; `around`: the index of the colour around a
 *   GIF's first frame
 * @throws CocaError `bad-image`: not one of the supported formats by content, damaged, or too large. `decode` of the
 * result throws it for pixels that are missing or damaged.
 */
export async function openPicture(
  file: Uint8Array,
  { isUpright = true, around = 0 }: { readonly isUpright?: boolean; readonly around?: number } = {},
): Promise<OpenPicture> {
  const format = requireImage(file);
  const { bytes, check, samples, canvas } = prepare(format, file, around);
  const sharp = await openSharp();
  const header = await sharp(bytes, 'error')
    .metadata()
    .catch((cause) => Promise.reject(undecodable(format, cause)));
  checkHeader(format, header);
  const isCmyk = header.space === 'cmyk';
  const { width, height } = isUpright ? header.autoOrient : header;
  const size = { width, height };
  const pixels = size.width * size.height;
  // libvips takes screens of some sizes (640 x 480 among them) for mistakes, and makes them as large as the frame.
  if (canvas && (canvas.size.width !== size.width || canvas.size.height !== size.height)) {
    throw undecodable(format, new Error('the first frame is smaller than the screen'));
  }

  const decodeSamples = async (region: Region, keepsWide: boolean): Promise<Decoded> => {
    const failOn = check();
    if (pixels > REHEARSED_FROM) {
      await rehearse(format, bytes, header, sharp(bytes, failOn)).catch((cause) =>
        Promise.reject(undecodable(format, cause)),
      );
    }
    let pipeline = isUpright ? sharp(bytes, failOn).autoOrient() : sharp(bytes, failOn);
    if (region.width < size.width || region.height < size.height) pipeline = pipeline.extract(region);
    const isWideGray = keepsWide && header.space === 'grey16';
    // Asked for the same space in and out, libvips leaves inks and 16-bit gray alone.
    const own = isCmyk ? 'cmyk' : isWideGray ? 'grey16' : undefined;
    pipeline = own ? pipeline.pipelineColourspace(own).toColourspace(own) : pipeline.toColourspace('srgb');
    // libvips narrows 16-bit RGB and gray on the way to sRGB.
    const depth = own ? header.depth : 'uchar';
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
    const narrowed = depth === 'ushort' && !isWideGray ? highBytes(data) : data;
    return { data: narrowed, samples: samples(info.channels, isCmyk), isWide: isWideGray && depth === 'ushort' };
  };
  const decode = async (region: Region): Promise<Uint8Array> => {
    const { data, samples } = await decodeSamples(region, false);
    const rgb = toRgb(data, samples);
    if (canvas?.colour) fillOutside(rgb, region, canvas.covered, canvas.colour);
    return rgb;
  };

  return {
    format,
    header,
    size,
    canvas,
    decode: (region) => budget.spend(pixels, () => decode(region)),
    decodeSamples: (region, keepsWide) => budget.spend(pixels, () => decodeSamples(region, keepsWide)),
  };
}
