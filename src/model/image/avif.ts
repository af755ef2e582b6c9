/** Where a file says its major brand (ISO/IEC 14496-12, 4.3). */
const MAJOR_BRAND = 8;

/**
 * An AVIF under its own major brand. libvips goes by that alone and does not know the one of sequences (`avis`), though it
 * decodes such files as the picture that they hold for programs that show no sequences: the first frame.
 */
export function asAvif(file: Uint8Array): Uint8Array {
  const renamed = Uint8Array.from(file);
  renamed.set(Buffer.from('avif'), MAJOR_BRAND);
  return renamed;
}

/** Boxes whose content is more boxes, after a version and flags (ISO/IEC 14496-12, 8.11). */
const [META, REFERENCES, PREMULTIPLIED] = ['meta', 'iref', 'prem'];

/** Whether an AVIF's colours are multiplied by its alpha: a reference of the type `prem` says so (MIAF, 7.3.5.2). */
export function isPremultiplied(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const search = (start: number, end: number, path: readonly string[]): boolean => {
    let at = start;
    while (at + 8 <= end) {
      const length = view.getUint32(at);
      const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
      const next = length === 0 ? end : at + length;
      if (next < at + 8 || next > end) return false;
      if (type === path[0] && (path.length === 1 || search(at + 12, next, path.slice(1)))) return true;
      at = next;
    }
    return false;
  };
  return search(0, file.length, [META, REFERENCES, PREMULTIPLIED]);
}
