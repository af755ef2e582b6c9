import type { Metadata } from 'sharp';
import { CocaError } from '../../base/errors.js';
import { isPremultiplied } from '../avif.js';
import type { ImageFormat } from '../sniff.js';
import { readSamples } from '../tiff.js';

/**
 * How Pillow resizes a picture, by the mode in which it opens it. `P`: palettes and 1 bit, without a filter; `RGBA`: gray or
 * colours with alpha, multiplied by it meanwhile; `I;16`: gray in 16 bits; `RGB`: gray and colours.
 */
export type Mode = 'P' | 'RGB' | 'RGBA' | 'CMYK' | 'I;16';

/** PNG's header (ISO/IEC 15948, 11.2.2): bit depth and colour type. */
const [DEPTH, COLOUR_TYPE] = [24, 25];
const [GRAY, INDEXED, GRAY_ALPHA, RGB_ALPHA] = [0, 3, 4, 6];

/** What a TIFF's colours are (TIFF 6.0, section 8), and extra samples that are alpha multiplied already. */
const [BLACK_IS_ZERO, TIFF_RGB, PALETTE, YCBCR] = [1, 2, 3, 6];
const ASSOCIATED = 1;

const unlike = (what: string): CocaError =>
  new CocaError(
    'bad-image',
    `${what} is read otherwise by Pillow than here`,
    'choose upright pixels, or convert it to 8-bit RGB',
  );

/** The mode of a picture, or why it is not known. */
export function modeOf(format: ImageFormat, file: Uint8Array, header: Metadata): Mode | CocaError {
  if (header.space === 'cmyk') return 'CMYK';
  switch (format) {
    case 'png':
      return pngMode(file[DEPTH]!, file[COLOUR_TYPE]!);
    case 'gif':
      return 'P';
    case 'tiff':
      return tiffMode(file, header);
    case 'avif':
      if (isPremultiplied(file)) return unlike('an AVIF whose colours are multiplied by its alpha');
      if (['irot', 'imir'].some((box) => Buffer.from(file).includes(box))) return unlike('an AVIF that is turned');
      return header.hasAlpha ? 'RGBA' : 'RGB';
    default:
      return header.hasAlpha ? 'RGBA' : 'RGB';
  }
}

/** A colour key (tRNS) is no alpha to Pillow: it is forgotten. */
function pngMode(depth: number, colourType: number): Mode {
  if (colourType === INDEXED || (colourType === GRAY && depth === 1)) return 'P';
  if (colourType === GRAY && depth === 16) return 'I;16';
  return colourType === GRAY_ALPHA || colourType === RGB_ALPHA ? 'RGBA' : 'RGB';
}

function tiffMode(file: Uint8Array, header: Metadata): Mode | CocaError {
  const { photometric, bits = 1, extra = [], alpha, ycc } = readSamples(file);
  if (photometric === YCBCR && ycc) return unlike('a TIFF of YCbCr samples');
  if (extra.includes(ASSOCIATED)) return unlike('a TIFF whose colours are multiplied by its alpha');
  if (photometric === PALETTE || bits === 1) return extra.length > 0 ? unlike('a TIFF of few colours with alpha') : 'P';
  if (photometric !== TIFF_RGB && photometric !== YCBCR && bits === 16) {
    return photometric === BLACK_IS_ZERO ? 'I;16' : unlike('a TIFF of 16-bit gray in which 0 is white');
  }
  // A fourth sample without a word about it is alpha to Pillow.
  return alpha !== undefined || (photometric === TIFF_RGB && extra.length === 0 && header.channels === 4)
    ? 'RGBA'
    : 'RGB';
}
