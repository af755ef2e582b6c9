import { CocaError } from '../../base/errors.js';
import type { Picture } from '../../image/picture.js';
import { type Art, loadArt } from './art.js';
import { type DrawOptions, drawScene } from './draw.js';
import { renderScene } from './render.js';

export interface SceneSourceOptions extends DrawOptions {
  /** Side of the pictures in pixels, as the model sees them. */
  readonly size: number;
  /** The things' pictures; by default those of the installed package. */
  readonly art?: Art;
}

export interface SceneSample {
  readonly picture: Picture;
  readonly caption: string;
}

/** How many scenes a seed has. */
export const SCENES = 2 ** 32;

/**
 * Scenes as fast as they can be painted, without files: what training draws from.
 * @returns the scene of any index below `SCENES`, the same for the same seed and index
 * @throws CocaError as `loadArt`
 */
export async function sceneSource(seed: number, options: SceneSourceOptions): Promise<(index: number) => SceneSample> {
  const { size, art = await loadArt() } = options;
  return (index) => {
    if (!(index < SCENES)) throw new CocaError('usage', `there is no scene ${index}: a seed has ${SCENES}`);
    const scene = drawScene(seed, index, options);
    const crop = { x: 0, y: 0, width: size, height: size };
    const picture = { source: { width: size, height: size }, crop, size, rgb: renderScene(scene, art, size) };
    return { picture, caption: scene.caption };
  };
}
