import { Random } from '../../base/random.js';
import type { Picture } from '../../image/picture.js';
import type { Art } from './art.js';
import { type DrawnScene, describeScene } from './draw.js';
import { isHeldOut } from './held-out.js';
import { pixelSquare } from './layout.js';
import { renderScene } from './render.js';
import { THINGS } from './things.js';

/** A scene and the same with another thing in the place of one: not a pixel differs elsewhere. */
export interface ScenePair {
  readonly pictures: readonly [Picture, Picture];
  /** The longest that is true of the first. */
  readonly caption: string;
  /** The thing that only the first has: what the caption calls it, and where it lies. */
  readonly thing: {
    readonly name: string;
    readonly boxes: readonly { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number }[];
  };
}

/** What changes a thing is drawn from numbers of its own, so that the scene is the one that its index has elsewhere. */
const STREAM = 0x7ace;

/**
 * Pair `index` of a seed.
 * @param size side of the pictures in pixels, as the model sees them
 */
export function scenePair(seed: number, index: number, size: number, art: Art): ScenePair {
  const scene = describeScene(seed, index);
  const random = new Random((seed + STREAM) % 2 ** 53, index);
  const { groups } = scene.content;
  const place = random.below(groups.length);
  const { thing, count } = groups[place]!;
  const staying = groups[1 - place]?.thing;
  let other: number;
  do other = random.below(THINGS.length);
  while (other === thing || other === staying || (staying !== undefined && isHeldOut(other, staying)));
  const placements = scene.placements.map((one) => (one.thing === thing ? { ...one, thing: other } : one));
  const { singular, plural } = THINGS[thing]!;
  const boxes = scene.placements
    .filter((one) => one.thing === thing)
    .map((one) => {
      const { left, top, side } = pixelSquare(one, size);
      return { x0: left, y0: top, x1: left + side, y1: top + side };
    });
  return {
    pictures: [pictureOf(scene, art, size), pictureOf({ ...scene, placements }, art, size)],
    caption: scene.longest,
    thing: { name: count > 1 ? plural : singular, boxes },
  };
}

function pictureOf(scene: DrawnScene, art: Art, size: number): Picture {
  const crop = { x: 0, y: 0, width: size, height: size };
  return { source: { width: size, height: size }, crop, size, rgb: renderScene(scene, art, size) };
}
