import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { listTensors } from '../checkpoint/index.js';
import { hubCacheFolder } from '../hub/environment.js';
import { contentHash, hashFile } from '../hub/hash.js';
import { type CachedModel, cachedModels } from '../hub/installed.js';
import { RepositoryCache } from '../hub/layout.js';
import { checkFit } from '../store/fit-weights.js';
import { BUNDLED_FOLDER, BUNDLED_MODEL, chosenModel, locateModel } from '../store/locate.js';
import { CONFIG_FILE, TOKENIZER_FILES } from '../store/model-files.js';
import { readModelFolder } from '../store/model-folder.js';
import { BUNDLED_SHA256 } from './bundled.js';
import type { Check, CheckContext } from './check.js';

/** Whether models are whole: the bundled one, those in the hub's cache, and the default. */
export async function* checkModels(context: CheckContext): AsyncGenerator<Check> {
  yield await checkBundled();
  for (const model of await cachedModels()) yield await checkCached(model, context);
  yield await checkDefault();
}

async function checkBundled(): Promise<Check> {
  const common = { area: 'models', name: `${BUNDLED_MODEL} (bundled)` } as const;
  const advice = 'install the program anew';
  try {
    for (const [file, expected] of Object.entries(BUNDLED_SHA256)) {
      if (!(await hasHash(join(BUNDLED_FOLDER, file), expected, () => undefined))) {
        return { ...common, status: 'problem', found: `${file} is not as it was published`, advice };
      }
    }
    return { ...common, status: 'ok', found: 'as it was published' };
  } catch (error) {
    return { ...common, status: 'problem', found: (error as Error).message, advice };
  }
}

async function checkCached(model: CachedModel, { onStatus, signal }: CheckContext): Promise<Check> {
  const common = { area: 'models', name: model.name } as const;
  if (model.bytes === undefined) {
    const advice = `coca models pull ${model.name} goes on, coca models remove ${model.name} gives it up`;
    return { ...common, status: 'problem', found: 'only a part of it is here', advice };
  }
  const cache = new RepositoryCache(hubCacheFolder(), model.repository);
  const advice = `coca models pull ${model.name} mends it`;
  try {
    const { weights } = await readModelFolder(model.folder);
    let isCompared = false;
    for (const path of [...[CONFIG_FILE, ...TOKENIZER_FILES].map((file) => join(model.folder, file)), weights]) {
      // Where the cache has no links, its files' names say nothing of their contents.
      const expected = await cache.linkedHash(path);
      const onProgress = () => {
        stopIfAborted(signal);
        onStatus(`${model.name}: checking`);
      };
      if (expected === undefined) continue;
      isCompared = true;
      if (!(await hasHash(path, expected, onProgress))) {
        return { ...common, status: 'problem', found: `${path} has changed since it was fetched`, advice };
      }
    }
    await openModel(model.folder);
    const found = isCompared
      ? 'its files are as they were fetched'
      : 'its files fit together; only pull can tell whether they are as published, for lack of links in this cache';
    return { ...common, status: 'ok', found };
  } catch (error) {
    if (error instanceof CocaError && error.code === 'interrupted') throw error;
    const own = error instanceof CocaError ? error.hint : undefined;
    return { ...common, status: 'problem', found: (error as Error).message, advice: own ?? advice };
  }
}

async function checkDefault(): Promise<Check> {
  const common = { area: 'models', name: 'default' } as const;
  try {
    const { model } = await chosenModel(undefined);
    const { path } = await locateModel(undefined);
    await openModel(path);
    return { ...common, status: 'ok', found: model };
  } catch (error) {
    const own = error instanceof CocaError ? error.hint : undefined;
    const found = (error as Error).message;
    return { ...common, status: 'fatal', found, advice: own ?? `coca models use ${BUNDLED_MODEL}` };
  }
}

/**
 * Reads all of a model but its weights, and whether those fit.
 * @throws CocaError
 */
async function openModel(path: string): Promise<void> {
  const { config, weights } = await readModelFolder(path);
  checkFit(await listTensors(weights), config);
}

/** @throws the system's error */
async function hasHash(path: string, expected: string, onProgress: () => void): Promise<boolean> {
  const { size } = await stat(path);
  const hash = contentHash(expected, size);
  for await (const _ of hashFile(path, hash, size)) onProgress();
  return hash.digest('hex') === expected;
}
