import { crc32 } from 'node:zlib';

const SIGNATURE = 8;
const [LENGTH, TYPE, CRC] = [4, 4, 4];
/** "IDAT" as a number. */
const PIXELS = 0x49444154;

/**
 * Whether all chunks that hold a PNG's compressed pixels are in the file, as their checksums say they were written.
 * (ISO/IEC 15948, section 5.3: a chunk is its length, type, data, and the CRC-32 of type and data.)
 */
export function hasSoundPixelChunks(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = SIGNATURE;
  while (at + LENGTH + TYPE <= file.length) {
    const type = at + LENGTH;
    const end = type + TYPE + view.getUint32(at);
    if (view.getUint32(type) === PIXELS) {
      if (end + CRC > file.length || crc32(file.subarray(type, end)) !== view.getUint32(end)) return false;
    }
    at = end + CRC;
  }
  return true;
}
