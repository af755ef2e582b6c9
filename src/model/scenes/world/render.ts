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
function paintThing(rgb: Uint8Array, size: number, placement: Placement, { side: width, rgba }: Sprite): void {
  const { left, top, side } = pixelSquare(placement, size);
  const scale = width / side;
  const points = Math.max(1, Math.ceil(scale));
  const weight = 1 / (points * points);
  const sin = Math.sin(placement.turn) * scale;
  const cos = Math.cos(placement.turn) * scale;
  const flip = placement.mirrored ? -1 : 1;
  // Centres of the sprite's pixels have whole coordinates, the first one 1: around them lies a clear border.
  const centre = width / 2 + 0.5;
  const stride = (width + 2) * 4;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      for (let point = 0; point < points * points; point++) {
        const dx = x + ((point % points) + 0.5) / points - side / 2;
        const dy = y + (Math.floor(point / points) + 0.5) / points - side / 2;
        const u = centre + flip * (cos * dx + sin * dy);
        const v = centre - sin * dx + cos * dy;
        if (!(u >= 0 && v >= 0 && u < width + 1 && v < width + 1)) continue;
        // Bilinear, written out: this is where the time of a scene goes.
        const column = Math.floor(u);
        const row = Math.floor(v);
        const at = row * stride + column * 4;
        const under = at + stride;
        const d = (u - column) * (v - row);
        const b = u - column - d;
        const c = v - row - d;
        const a = 1 - b - c - d;
        red += a * rgba[at]! + b * rgba[at + 4]! + c * rgba[under]! + d * rgba[under + 4]!;
        green += a * rgba[at + 1]! + b * rgba[at + 5]! + c * rgba[under + 1]! + d * rgba[under + 5]!;
        blue += a * rgba[at + 2]! + b * rgba[at + 6]! + c * rgba[under + 2]! + d * rgba[under + 6]!;
        alpha += a * rgba[at + 3]! + b * rgba[at + 7]! + c * rgba[under + 3]! + d * rgba[under + 7]!;
      }
      if (alpha === 0) continue;
      const clear = 1 - (alpha * weight) / 255;
      const to = ((top + y) * size + left + x) * 3;
      rgb[to] = Math.round(red * weight + clear * rgb[to]!);
      rgb[to + 1] = Math.round(green * weight + clear * rgb[to + 1]!);
      rgb[to + 2] = Math.round(blue * weight + clear * rgb[to + 2]!);
    }
  }
}
