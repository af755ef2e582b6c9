/** Names of ffmpeg's demuxers: it is told which to use, and guesses nothing. */
export type Demuxer = 'mov' | 'matroska' | 'avi' | 'flv' | 'ogg' | 'asf' | 'apng';

/** Beginnings of files, as Latin-1 text. */
const SIGNATURES: readonly (readonly [RegExp, Demuxer])[] = [
  [/^.{4}ftyp(?!avi[fs]|hei|hev|mif1|msf1|M4A|M4B)/s, 'mov'],
  [/^.{4}(moov|mdat|wide|free|skip)/s, 'mov'],
  [/^\x1a\x45\xdf\xa3/, 'matroska'],
  [/^RIFF.{4}AVI /s, 'avi'],
  [/^FLV\x01/, 'flv'],
  [/^OggS.*?\x80theora/s, 'ogg'],
  [/^\x30\x26\xb2\x75\x8e\x66\xcf\x11/, 'asf'],
];

/**
 * What kind of video a file is by its first bytes, never by its name; undefined for whatever is no video, and for MPEG's streams,
 * whose frames cannot be found again by their times.
 */
export function videoKind(bytes: Uint8Array): Demuxer | undefined {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  return SIGNATURES.find(([pattern]) => pattern.test(start))?.[1];
}

/** Of pictures that move and that ffmpeg reads as a video: the AVIF sequence, and the PNG with an animation before its pixels. */
export function movingKind(bytes: Uint8Array): Demuxer | undefined {
  const start = Buffer.from(bytes.subarray(0, 64 * 1024)).toString('latin1');
  if (/^.{4}ftyp.{0,252}?avis/s.test(start)) return 'mov';
  const animation = start.indexOf('acTL');
  return start.startsWith('\x89PNG') && animation > 0 && animation < start.indexOf('IDAT') ? 'apng' : undefined;
}
