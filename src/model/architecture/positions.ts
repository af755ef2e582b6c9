/**
 * The table of two-dimensional sines and cosines that `pos_embed_type: sin_cos_2d` stands for (OpenCLIP's `get_2d_sincos_pos_embed`, after
 * He et al. 2022): zeros for the class token, then patch by patch, row by row, the column's sines and cosines and the row's, each of
 * width / 4 frequencies from 1 to 1 / 10,000.
 * @param side patches in a row and in a column
 * @param width a multiple of 4
 * @returns [1 + side * side, width]
 */
export function sinCos2d(side: number, width: number): Float32Array {
  const count = width / 4;
  const frequencies = Array.from({ length: count }, (_, i) => 10000 ** (-i / count));
  const ofPlace = (place: number) => [
    ...frequencies.map((frequency) => Math.sin(place * frequency)),
    ...frequencies.map((frequency) => Math.cos(place * frequency)),
  ];
  const places = Array.from({ length: side }, (_, place) => ofPlace(place));
  const rows = places.flatMap((row) => places.flatMap((column) => [...column, ...row]));
  return Float32Array.from([...Array<number>(width).fill(0), ...rows]);
}
