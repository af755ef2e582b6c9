const [PREFIX, STUFFED, START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN] = [0xff, 0x00, 0xd8, 0xd9, 0xda];
/** Markers without a segment: TEM and the restarts. */
const isAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= START_OF_IMAGE);

/**
 * A JPEG without bytes that belong to none of its segments, up to its first scan (ITU-T T.81, annex B). Some cameras and
 * editors leave such bytes; decoders skip them, with the same kind of remark that they make on damaged scans.
 * @returns the file itself where there are none
 */
export function withoutStrayBytes(file: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  let at = 2;
  for (;;) {
    const marker = nextMarker(file, at);
    if (marker === undefined) break;
    // Prefixes before the marker's own are legal filling.
    if (file.subarray(at, marker).some((byte) => byte !== PREFIX)) {
      kept.push(file.subarray(from, at));
      from = marker;
    }
    const kind = file[marker + 1]!;
    if (kind === START_OF_SCAN || kind === END_OF_IMAGE) break;
    at = marker + 2;
    if (!isAlone(kind)) at += at + 2 <= file.length ? (file[at]! << 8) | file[at + 1]! : 0;
  }
  return from === 0 ? file : Buffer.concat([...kept, file.subarray(from)]);
}

/** Where the next marker's own prefix is. */
function nextMarker(file: Uint8Array, start: number): number | undefined {
  for (let at = start; at + 1 < file.length; at++) {
    if (file[at] === PREFIX && file[at + 1] !== PREFIX && file[at + 1] !== STUFFED) return at;
  }
  return undefined;
}
