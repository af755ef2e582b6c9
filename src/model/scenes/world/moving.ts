import { type DescribedScene, describeScene } from './draw.js';
import { acrossFree, type Placement } from './layout.js';

/** Added to the seed for each try: moving scenes are drawn from streams of their own. */
const MOVING_SEED = 2 ** 41;

/** How long each frame is shown, in milliseconds. */
export const FRAME_MS = 125;

/** Scene number `index` of a seed among those that move: of one thing, small enough to go a way. It depends on nothing else. */
export function movingScene(seed: number, index: number): DescribedScene {
  for (let attempt = 1; ; attempt++) {
    const scene = describeScene(seed + attempt * MOVING_SEED, index);
    const { size } = scene.content;
    if (size === 'small' || size === 'medium') return scene;
  }
}

/** Where its thing is in a frame: in equal steps from the left edge to the right one, at the same height. */
export function placedInFrame({ placements }: DescribedScene, frame: number, frames: number): readonly Placement[] {
  return placements.map((placement) => acrossFree(placement, frame / (frames - 1)));
}
