const TRAILER = 0x3b;
const IMAGE = 0x2c;
const EXTENSION = 0x21;

/** Bytes of a colour table, from the packed field that announces it. */
const tableLength = (packed: number): number => (packed & 0x80 ? 3 * 2 ** ((packed & 7) + 1) : 0);

/**
 * A GIF cut down to its first frame, so that frames nobody asked for cost nothing and may be damaged. A file that ends
 * before its first frame does comes back as it is, for the decoder to refuse. (GIF89a, sections 17 to 27.)
 */
export function firstFrame(bytes: Uint8Array): Uint8Array {
  let at = 13 + tableLength(bytes[10] ?? 0);
  /** Moves past data sub-blocks: a length and as many bytes, until a length of 0. */
  const skipBlocks = () => {
    while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
    at += 1;
  };
  while (bytes[at] === EXTENSION) {
    at += 2;
    skipBlocks();
  }
  if (bytes[at] !== IMAGE) return bytes;
  at += 10 + tableLength(bytes[at + 9] ?? 0) + 1; // descriptor, local colours, LZW code size
  skipBlocks();
  if (at > bytes.length) return bytes;
  const frame = new Uint8Array(at + 1);
  frame.set(bytes.subarray(0, at));
  frame[at] = TRAILER;
  return frame;
}
