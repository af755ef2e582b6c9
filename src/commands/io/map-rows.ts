import { shortestFloat32 } from '../../model/base/numbers/vectors.js';

/** A map of grid x grid values as JSON has it: rows from the top, each number as short as reads back the same. */
export function mapRows(map: Float32Array, grid: number): number[][] {
  return Array.from({ length: grid }, (_, row) =>
    Array.from(map.subarray(row * grid, (row + 1) * grid), shortestFloat32),
  );
}
