import { CocaError } from '../base/errors.js';

/** Picture formats that are decoded, by what their files contain. */
export const SUPPORTED_FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const;

export type ImageFormat = (typeof SUPPORTED_FORMATS)[number];

/** So many bytes from the start decide what a file is. */
export const SNIFFED_BYTES = 1024;

/** What to tell people that can be read. */
export const SUPPORTED_NAMES = 'JPEG, PNG, WebP, GIF, AVIF and TIFF';

const ascii = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end));

/** Brands of an ISO base media file (`ftyp` box): the major one first, then the compatible ones. */
function brands(bytes: Uint8Array): readonly string[] {
  if (bytes.length < 16 || ascii(bytes, 4, 8) !== 'ftyp') return [];
  const boxLength = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const end = Math.min(boxLength, bytes.length, 256);
  const found = [ascii(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) found.push(ascii(bytes, at, at + 4));
  return found;
}

const isAvif = (found: readonly string[]): boolean => found.includes('avif') || found.includes('avis');

/**
 * The format of a picture by its first bytes, never by its name; undefined for whatever is not on the list. Only what
 * this names may reach the decoders: libvips would also open SVG, which can pull in other files, and its own format.
 */
export function sniffImage(bytes: Uint8Array): ImageFormat | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  const start = ascii(bytes, 0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  if (start.startsWith('RIFF') && start.slice(8) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return 'tiff';
  if (isAvif(brands(bytes))) return 'avif';
  return undefined;
}

/** Signatures of what people and hostile files hand over under a picture's name: [pattern on Latin-1 text, name]. */
const STRANGERS: readonly (readonly [RegExp, string])[] = [
  [/^%PDF-/, 'a PDF document'],
  [/^(\xb6\xa6\xf2\x08|\x08\xf2\xa6\xb6)/, 'a libvips image'],
  [/^(\xff\x0a|\0\0\0\x0cJXL )/, 'a JPEG XL picture'],
  [/^(\xff\x4f\xff\x51|\0\0\0\x0cjP {2})/, 'a JPEG 2000 picture'],
  [/^BM.{4}\0\0\0\0/s, 'a BMP picture'],
  [/^\0\0[\x01\x02]\0/, 'a Windows icon or cursor'],
  [/^8BPS/, 'a Photoshop document'],
  [/^(gimp xcf|#\?RADIANCE|v\/1\x01|P[1-7][\s]|SIMPLE {2}=)/, 'a picture in a format that is not supported'],
  [/^(PK\x03\x04|PK\x05\x06)/, 'a ZIP archive'],
  [/^\x1f\x8b/, 'a gzip archive'],
  [/^(\x1aE\xdf\xa3|RIFF.{4}AVI |FLV\x01|0&\xb2u\x8ef\xcf\x11|OggS.*?\x80theora)/s, 'a video'],
  [/^(\0\0\x01\xba|G.{187}G.{187}G)/s, 'an MPEG stream; ffmpeg -i FILE -c copy FILE.mkv makes a video of it'],
  [/^(ID3|OggS|fLaC|RIFF.{4}WAVE)/s, 'a sound file'],
  [/^(\x7fELF|MZ|\xcf\xfa\xed\xfe)/, 'a program'],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer, not the picture itself'],
  [/^#!/, 'a script'],
  [/^(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*(<!doctype html|<html|<head|<body)/is, 'an HTML page'],
  [/^(?:\xef\xbb\xbf)?\s*(?=<).*?<svg[\s>]/is, 'an SVG drawing'],
  [/^(?:\xef\xbb\xbf)?\s*<\?xml/i, 'an XML document'],
];

/** What bytes that are no supported picture look like, for an error message: "an SVG drawing", "text", ... */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  const found = brands(bytes);
  if (found.some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand))) return 'a HEIC picture';
  if (found.some((brand) => /^M4[AB] $/.test(brand))) return 'a sound file';
  if (found.length > 0) return 'a video';
  const start = ascii(bytes, 0, Math.min(bytes.length, SNIFFED_BYTES));
  const stranger = STRANGERS.find(([pattern]) => pattern.test(start));
  if (stranger) return stranger[1];
  if (/^[\t\n\f\r\x1b\x20-\x7e\x80-\xff]*$/.test(start)) return 'text';
  return 'data of an unknown kind';
}

/**
 * The format of a picture by its first bytes.
 * @throws CocaError `bad-image` saying what it is instead
 */
export function requireImage(bytes: Uint8Array): ImageFormat {
  const format = sniffImage(bytes);
  if (format !== undefined) return format;
  const what = describeBytes(bytes);
  throw new CocaError(
    'bad-image',
    `not a picture that can be read: it is ${what}`,
    what === 'a video'
      ? 'caption, rank, classify, embed, attend and search take videos, from files (coca help video)'
      : `${SUPPORTED_NAMES} are read`,
  );
}
