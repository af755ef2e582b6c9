import type { Dataset } from '../data/dataset.js';
import type { SceneMix } from './world/mix.js';
import { SCENES } from './world/source.js';

/** Scenes that are painted when they are asked for: no two alike, so there is nothing to shuffle. */
export function generatedScenes(seed: number, size: number, mix: SceneMix): Dataset {
  return {
    name: 'scenes',
    size: SCENES,
    units: 1,
    mix: 1,
    shuffled: false,
    openUnit: async () => ({ size: SCENES, locate: (index) => ({ kind: 'scene', seed, index, size, mix }) }),
  };
}
