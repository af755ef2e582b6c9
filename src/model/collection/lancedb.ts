import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as lancedb from '@lancedb/lancedb';
import type * as arrow from 'apache-arrow';
import { cacheFolder } from '../base/cache.js';
import { CocaError } from '../base/errors.js';
import { findInstalled } from '../base/packages.js';

const NAME = '@lancedb/lancedb';

/** The store of collections, and the tables that it is given. */
export interface Lance {
  readonly lancedb: typeof lancedb;
  readonly arrow: typeof arrow;
}

/** Where the store is looked for besides beside this program. */
const storeFolder = (env: NodeJS.ProcessEnv = process.env): string => join(cacheFolder(env), 'lancedb');

/**
 * Loads LanceDB, which is too large (180 MB) to come with this program.
 * @throws CocaError `not-found` where it is not installed
 */
export function loadLance(env: NodeJS.ProcessEnv = process.env): Lance {
  const path = findInstalled(NAME, [], [storeFolder(env)]);
  if (path === undefined) {
    throw new CocaError(
      'not-found',
      `the package ${NAME}, which keeps the index of a collection, is not installed`,
      `npm install --prefix '${storeFolder(env)}' ${NAME}@0.30`,
    );
  }
  // It writes advice for its own developers on stderr.
  process.env.LANCEDB_LOG ??= 'error';
  const require = createRequire(path);
  return { lancedb: require(path) as typeof lancedb, arrow: require('apache-arrow') as typeof arrow };
}
