import { computedFolders, conversionsFolder, quantisedFolder } from '../base/cache.js';
import { exists } from '../base/folders.js';
import { derivedFiles } from '../checkpoint/derived.js';
import { convertedPath, weightsFingerprint } from '../checkpoint/index.js';
import { type CachedIndex, cachedIndexes, isOf } from '../collection/indexes.js';

/** The files of the cache that a model computed, of its weights as they are or as they were converted. */
export async function computedOf(weights: string, env?: NodeJS.ProcessEnv): Promise<string[]> {
  const files: string[] = [];
  for (const fingerprint of await fingerprintsOf(weights, env)) {
    for (const folder of computedFolders(env)) files.push(...(await derivedFiles(fingerprint, folder)));
  }
  return files;
}

/** The indexes in the cache that have a model's embeddings, likewise. */
export async function indexesOf(weights: string, env?: NodeJS.ProcessEnv): Promise<CachedIndex[]> {
  const fingerprints = await fingerprintsOf(weights, env);
  return fingerprints.length === 0 ? [] : (await cachedIndexes(env)).filter((index) => isOf(index, fingerprints));
}

async function fingerprintsOf(weights: string, env: NodeJS.ProcessEnv | undefined): Promise<string[]> {
  const paths = [weights, ...(await conversionsOf(weights, env))];
  const fingerprints = await Promise.all(paths.map((path) => weightsFingerprint(path).catch(() => undefined)));
  return fingerprints.filter((fingerprint) => fingerprint !== undefined);
}

/** All files of the cache that were made of weights. */
export async function derivedOf(weights: string, env?: NodeJS.ProcessEnv): Promise<string[]> {
  const fingerprint = await weightsFingerprint(weights).catch(() => undefined);
  const quantised = fingerprint === undefined ? [] : await derivedFiles(fingerprint, quantisedFolder(env));
  return [...(await conversionsOf(weights, env)), ...quantised, ...(await computedOf(weights, env))];
}

/** None of what is no weights, or broken. */
async function conversionsOf(weights: string, env?: NodeJS.ProcessEnv): Promise<string[]> {
  const path = await convertedPath(weights, conversionsFolder(env)).catch(() => undefined);
  return path !== undefined && (await exists(path)) ? [path] : [];
}
