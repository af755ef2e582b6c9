import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { weightsFile } from '../checkpoint/weights-file.js';
import { readConfigJson } from '../config/config-file.js';
import { CONFIG_FILE } from '../store/model-files.js';
import { hubCacheFolder } from './environment.js';
import { RepositoryCache } from './layout.js';
import { COMMIT, DEFAULT_REVISION, displayName, isRepository, isRevision } from './names.js';
import { listPartials } from './partial.js';

/** A model in the hub's cache, whichever program fetched it. */
export interface CachedModel {
  /** The name to load it by. */
  readonly name: string;
  readonly repository: string;
  readonly commit: string;
  readonly folder: string;
  /** Bytes of its config and weights; undefined where the weights are not here, or not whole. */
  readonly bytes?: number;
  /** Bytes of cut downloads. */
  readonly partialBytes: number;
}

/** Every OpenCLIP model in the cache; repositories of anything else are passed over. */
export async function cachedModels(env: NodeJS.ProcessEnv = process.env): Promise<CachedModel[]> {
  const cacheFolder = hubCacheFolder(env);
  const found: CachedModel[] = [];
  for (const entry of (await readdir(cacheFolder).catch(() => [])).sort()) {
    const repository = /^models--(?<owner>.+?)--(?<name>.+)$/.exec(entry)?.groups;
    if (repository === undefined) continue;
    const name = `${repository.owner}/${repository.name}`;
    if (isRepository(name)) found.push(...(await modelsOf(new RepositoryCache(cacheFolder, name))));
  }
  return found;
}

/** The model of a name among those in the cache; in whatever case, where none is spelled so. */
export function cachedAs(name: string, models: readonly CachedModel[]): CachedModel | undefined {
  const lower = name.toLowerCase();
  return models.find((model) => model.name === name) ?? models.find((model) => model.name.toLowerCase() === lower);
}

async function modelsOf(cache: RepositoryCache): Promise<CachedModel[]> {
  const revisions = await revisionsOf(cache);
  const partials = await listPartials(cache.blobs);
  const partialBytes = partials.reduce((sum, { size }) => sum + size, 0);
  const models: CachedModel[] = [];
  for (const commit of (await readdir(cache.snapshots).catch(() => [])).sort()) {
    const folder = cache.snapshot(commit);
    if (!COMMIT.test(commit) || !(await describesModel(folder))) continue;
    const bytes = await bytesOf(folder);
    // A branch gets its commit once everything is here: what has neither is most likely on its way to be main.
    const revision = revisions.get(commit) ?? (bytes === undefined ? DEFAULT_REVISION : commit);
    const name = displayName({ repository: cache.repository, revision });
    const common = { name, repository: cache.repository, commit, folder, partialBytes };
    models.push(bytes === undefined ? common : { ...common, bytes });
  }
  const isWhole = (name: string) => models.some((other) => other.name === name && other.bytes !== undefined);
  return models.filter(({ name, bytes }) => bytes !== undefined || !isWhole(name));
}

/** The branch or tag that stands for a commit; main before others. */
async function revisionsOf(cache: RepositoryCache): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(cache.refs, { recursive: true }).catch(() => []);
  const byCommit = new Map<string, string>();
  for (const name of names.sort((a, b) => Number(b === 'main') - Number(a === 'main'))) {
    const revision = name.replaceAll('\\', '/');
    if (!isRevision(revision)) continue;
    const commit = await cache.commitOf(revision);
    if (commit !== undefined && !byCommit.has(commit)) byCommit.set(commit, revision);
  }
  return byCommit;
}

async function describesModel(folder: string): Promise<boolean> {
  const json = (await readConfigJson(join(folder, CONFIG_FILE)).catch(() => undefined)) as
    | { model_cfg?: { vision_cfg?: unknown; text_cfg?: unknown } }
    | null
    | undefined;
  return json?.model_cfg?.vision_cfg !== undefined && json.model_cfg.text_cfg !== undefined;
}

async function bytesOf(folder: string): Promise<number | undefined> {
  try {
    const files = [await weightsFile(folder), join(folder, CONFIG_FILE)];
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return undefined;
  }
}
