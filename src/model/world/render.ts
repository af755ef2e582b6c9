import type { Art, Sprite } from './art.js';
import type { DrawnScene, Paint } from './draw.js';
import { type Placement, pixelSquare } from './layout.js';

/** Paints a scene: size x size x 3 bytes, rows from the top, RGB. */
export function renderScene(scene: DrawnScene, art: Art, size: number): Uint8Array {
  const rgb = paintBackground(scene.paint, size);
  for (const placement of scene.placements) paintThing(rgb, size, placement, art[placement.thing]!);
  return rgb;
}

function paintBackground({ colour, axis, from, to }: Paint, size: number): Uint8Array {
  const rgb = new Uint8ClampedArray(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const added = from + ((to - from) * (axis === 'x' ? x : y)) / (size - 1);
      const at = (y * size + x) * 3;
      for (let channel = 0; channel < 3; channel++) rgb[at + channel] = colour[channel]! + added;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/**
 * Lays a sprite over the picture: every pixel of its square looks up where in the sprite it lies. Where the sprite is
 * shrunk, several points a pixel are averaged, about as many as there are sprite pixels under it.
 */
function paintThing(rgb: Uint8Array, size: number, placement: Placement, sprite: Sprite): void {
  const { left, top, side } = pixelSquare(placement, size);
  const scale = sprite.side / side;
  const points = Math.max(1, Math.ceil(scale));
  const weight = 1 / (points * points);
  const sin = Math.sin(placement.turn) * scale;
  const cos = Math.cos(placement.turn) * scale;
  const flip = placement.mirrored ? -1 : 1;
  const centre = sprite.side / 2 - 0.5;
  const sum = new Float64Array(4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      sum.fill(0);
      for (let i = 0; i < points; i++) {
        const dy = y + (i + 0.5) / points - side / 2;
        for (let j = 0; j < points; j++) {
          const dx = x + (j + 0.5) / points - side / 2;
          addPoint(sum, sprite, centre + flip * (cos * dx + sin * dy), centre - sin * dx + cos * dy);
        }
      }
      const clear = 1 - (sum[3]! * weight) / 255;
      if (clear === 1) continue;
      const at = ((top + y) * size + left + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        rgb[at + channel] = Math.round(sum[channel]! * weight + clear * rgb[at + channel]!);
      }
    }
  }
}

/** Adds the sprite's colour at a point between its pixels, whose centres have whole coordinates; it is clear outside. */
function addPoint(sum: Float64Array, { side, rgba }: Sprite, u: number, v: number): void {
  const column = Math.floor(u);
  const row = Math.floor(v);
  if (column < -1 || row < -1 || column >= side || row >= side) return;
  const right = u - column;
  const below = v - row;
  for (let dy = 0; dy < 2; dy++) {
    const y = row + dy;
    if (y < 0 || y >= side) continue;
    const rowWeight = dy === 0 ? 1 - below : below;
    for (let dx = 0; dx < 2; dx++) {
      const x = column + dx;
      if (x < 0 || x >= side) continue;
      const weight = rowWeight * (dx === 0 ? 1 - right : right);
      const at = (y * side + x) * 4;
      sum[0]! += weight * rgba[at]!;
      sum[1]! += weight * rgba[at + 1]!;
      sum[2]! += weight * rgba[at + 2]!;
      sum[3]! += weight * rgba[at + 3]!;
    }
  }
}
