import { isAbsolute, resolve } from 'node:path';
import { isScenes } from '../scenes/scenes-spec.js';

/** A data set's name as it means the same from every folder. */
export function absoluteName(name: string): string {
  return isScenes(name) || isAbsolute(name) ? name : resolve(name);
}
