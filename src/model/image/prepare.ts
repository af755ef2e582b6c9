import { CocaError } from '../base/errors.js';
import { asAvif, isPremultiplied } from './avif.js';
import { type Canvas, firstFrame } from './gif.js';
import { hasWholeScans } from './jpeg/scans.js';
import { pictureOnly } from './jpeg/segments.js';
import type { Samples } from './pixels.js';
import type { ImageFormat } from './sniff.js';
import { readSamples } from './tiff.js';

export const FORMAT_NAMES: Record<ImageFormat, string> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  avif: 'AVIF',
  tiff: 'TIFF',
};

/** libvips keeps one list of complaints for all decoders at work, so which picture its words are about is not known. */
export function undecodable(format: ImageFormat, cause: unknown): CocaError {
  return new CocaError(
    'bad-image',
    `cannot decode this ${FORMAT_NAMES[format]}: it is damaged, cut short or of an unusual kind`,
    'fetch it again, or convert it',
    { cause },
  );
}

/** Which of libvips' complaints mean that a picture is not whole. */
export type Fatal = 'error' | 'warning';

/** What of a file is decoded, and what libvips does not tell about it. */
export interface Prepared {
  readonly bytes: Uint8Array;
  /**
   * Looks for missing pixels that libvips would fill in without an error.
   * @throws CocaError `bad-image`
   */
  check(): Fatal;
  /** What the samples are that libvips gives, `count` a pixel: the colours come first. */
  samples(count: number, isCmyk: boolean): Samples;
  /** A part that the picture covers, and the colour of the rest. */
  readonly canvas?: Canvas;
}

/** What holds for most formats: the whole file is decoded, and a sample after the colours is alpha. */
function prepared(bytes: Uint8Array, isPremultiplied = false): Prepared {
  return {
    bytes,
    check: () => 'error',
    samples(count, isCmyk) {
      const colours = isCmyk ? 4 : 3;
      return { colours: isCmyk ? 'cmyk' : 'rgb', count, alpha: count > colours ? colours : undefined, isPremultiplied };
    },
  };
}

/** @returns whether the scans could be gone through */
function requireWholeScans(format: ImageFormat, jpeg: Uint8Array): boolean {
  const isWhole = hasWholeScans(jpeg);
  if (isWhole === false) throw undecodable(format, new Error('a scan is cut short, or has codes that are none'));
  return isWhole === true;
}

/**
 * libjpeg's warnings are about harmless oddities and missing pixels alike, so a JPEG's scans are gone through here; warnings
 * count only for the kinds with which that cannot be done.
 */
function prepareJpeg(file: Uint8Array): Prepared {
  const bytes = pictureOnly(file);
  return { ...prepared(bytes), check: () => (requireWholeScans('jpeg', bytes) ? 'error' : 'warning') };
}

function prepareGif(file: Uint8Array, around: number): Prepared {
  const frame = firstFrame(file, around);
  if (frame === undefined) throw undecodable('gif', new Error('no whole first frame, or no colours for it'));
  const { bytes, canvas, isWhole } = frame;
  const check = (): Fatal => {
    if (!isWhole()) throw undecodable('gif', new Error('the first frame has too few pixels'));
    return 'error';
  };
  return { ...prepared(bytes), check, canvas };
}

function prepareTiff(bytes: Uint8Array): Prepared {
  const { alpha, ycc, jpegs } = readSamples(bytes);
  const check = (): Fatal => {
    for (const jpeg of jpegs?.() ?? []) requireWholeScans('tiff', jpeg);
    return 'error';
  };
  return {
    bytes,
    check,
    samples(count, isCmyk) {
      const first = isCmyk ? 4 : 3;
      const hasAlpha = alpha !== undefined && count > first;
      return { colours: isCmyk ? 'cmyk' : (ycc ?? 'rgb'), count, alpha: hasAlpha ? first + alpha : undefined };
    },
  };
}

/**
 * Prepares a file for libvips: of an animation the first frame alone.
 * @param around the index of the colour around a GIF's first frame
 * @throws CocaError `bad-image`: a TIFF of samples that are not understood, a GIF without a whole first frame
 */
export function prepare(format: ImageFormat, file: Uint8Array, around = 0): Prepared {
  switch (format) {
    case 'jpeg':
      return prepareJpeg(file);
    case 'gif':
      return prepareGif(file, around);
    case 'avif':
      return prepared(asAvif(file), isPremultiplied(file));
    case 'tiff':
      return prepareTiff(file);
    default:
      return prepared(file);
  }
}
