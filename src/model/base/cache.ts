import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for what can be made again: `$COCA_CACHE`, else the platform's cache folder (XDG on Linux). Not created
 * here.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.COCA_CACHE) return env.COCA_CACHE;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'coca');
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'coca', 'Cache');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coca');
}

/** Where quantised weights are kept. */
export const quantisedFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'quantised');

/** Where torch.save archives are kept as safetensors. */
export const conversionsFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'converted');

/** Where embeddings of concepts are kept. */
export const conceptsFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'concepts');

/** Where means over pictures are kept. */
export const meanPicturesFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'mean-pictures');

/** Where frozen features of pictures are kept. */
export const featuresFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'features');

/** All folders of what models computed. */
export const computedFolders = (env?: NodeJS.ProcessEnv): readonly string[] => [
  conceptsFolder(env),
  meanPicturesFolder(env),
  featuresFolder(env),
];
/** Where the indexes of collections of pictures are kept. */
export const collectionsFolder = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'collections');
