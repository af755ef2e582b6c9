const DOUBLE_BYTES = 8;

/** Doubles, little-endian and in pieces of any size, as the nearest floats of single precision. */
export async function* roundedToSingle(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let rest = new Uint8Array(0);
  for await (const piece of pieces) {
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    const count = Math.floor(bytes.length / DOUBLE_BYTES);
    const singles = Float32Array.from(new Float64Array(bytes.buffer, 0, count));
    rest = bytes.slice(count * DOUBLE_BYTES);
    yield new Uint8Array(singles.buffer);
  }
}
