/** Markers of a JPEG (ITU-T T.81, table B.1). */
export const [START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN, HUFFMAN_TABLES, RESTART_INTERVAL] = [
  0xd8, 0xd9, 0xda, 0xc4, 0xdd,
];
const [PREFIX, STUFFED, TEM, FIRST_RESTART, COMMENT] = [0xff, 0x00, 0x01, 0xd0, 0xfe];
const [APP0, APP1, APP14, APP15] = [0xe0, 0xe1, 0xee, 0xef];

/** Markers without a segment: TEM, the restarts, and the start of the image. */
export const isAlone = (marker: number): boolean =>
  marker === TEM || (marker >= FIRST_RESTART && marker <= START_OF_IMAGE);

/** Where the prefix of the next marker is, from `start` on; undefined where the file ends first. */
export function nextMarker(file: Uint8Array, start: number): number | undefined {
  for (let at = start; at + 1 < file.length; at++) {
    if (file[at] === PREFIX && file[at + 1] !== PREFIX && file[at + 1] !== STUFFED) return at;
  }
  return undefined;
}

/** Whether there is anything but legal filling, more prefixes, in a part of a file. */
export function hasStrayBytes(file: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (file[at] !== PREFIX) return true;
  return false;
}

/** The segment at a marker: its content lies from `start` to `end`, which may be beyond the end of a file cut short. */
export function segmentAt(file: Uint8Array, marker: number): { readonly start: number; readonly end: number } {
  const at = marker + 2;
  if (isAlone(file[marker + 1]!)) return { start: at, end: at };
  const length = at + 2 <= file.length ? (file[at]! << 8) | file[at + 1]! : 0;
  return { start: at + 2, end: at + length };
}

const begins = (file: Uint8Array, start: number, text: string): boolean =>
  [...text].every((character, i) => file[start + i] === character.charCodeAt(0));

/** Whether a segment says something beside the picture: not its colours (JFIF, Adobe) and not which way is up (Exif). */
function isBeside(file: Uint8Array, marker: number): boolean {
  const kind = file[marker + 1]!;
  const content = marker + 4;
  if (kind === APP0) return !begins(file, content, 'JFIF\0');
  if (kind === APP1) return !begins(file, content, 'Exif\0\0');
  return kind === COMMENT || (kind > APP1 && kind <= APP15 && kind !== APP14);
}

/**
 * A JPEG without what is not its picture, up to its first scan: stray bytes between segments, which some cameras and editors
 * leave, comments, and what applications keep beside the picture. Among that are a phone's gain maps, for which libvips would
 * take another decoder.
 * @returns the file itself where there is nothing of it
 */
export function pictureOnly(file: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  const leaveOut = (start: number, end: number) => {
    kept.push(file.subarray(from, start));
    from = end;
  };
  let at = 2;
  for (;;) {
    const marker = nextMarker(file, at);
    if (marker === undefined) break;
    if (hasStrayBytes(file, at, marker)) leaveOut(at, marker);
    const kind = file[marker + 1]!;
    if (kind === START_OF_SCAN || kind === END_OF_IMAGE) break;
    const { end } = segmentAt(file, marker);
    if (end > file.length) break;
    if (isBeside(file, marker)) leaveOut(marker, end);
    at = end;
  }
  return from === 0 ? file : Buffer.concat([...kept, file.subarray(from)]);
}
