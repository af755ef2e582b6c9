import { readFile } from 'node:fs/promises';
import { loadPicture } from '../image/load-picture.js';
import type { Picture } from '../image/picture.js';
import type { LoadedCoca } from '../store/load.js';
import { BUNDLED_SCENES, readScenes } from './scenes-file.js';

/** The pictures of the scenes that come with the program, by name. */
export async function bundledScenes(): Promise<readonly string[]> {
  return (await readScenes(BUNDLED_SCENES)).map(({ image }) => image);
}

/** The same as a model sees them. */
export async function* scenePictures(coca: Pick<LoadedCoca, 'preprocess'>): AsyncGenerator<Picture> {
  for (const name of await bundledScenes()) yield await loadPicture(await readFile(name), coca.preprocess);
}
