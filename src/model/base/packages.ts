import { createRequire } from 'node:module';
import { join } from 'node:path';

const own = createRequire(import.meta.url);

/**
 * Loads a package that this program depends on, or a module of Node's, at once: one of CommonJS that must be loaded once for all who use it,
 * or one that few lines need.
 */
export function loadOwn<T>(name: string): T {
  return own(name) as T;
}

/**
 * The path of the main file of a package that this program can use but does not bring, looked for in the `node_modules` of the
 * folders `before`, then beside this program, then of the folders `after`.
 */
export function findInstalled(
  name: string,
  before: readonly string[] = [],
  after: readonly string[] = [],
): string | undefined {
  const from = (folder: string) => createRequire(join(folder, 'package.json'));
  for (const require of [...before.map(from), own, ...after.map(from)]) {
    try {
      return require.resolve(name);
    } catch {
      // Not there; perhaps in the next place.
    }
  }
  return undefined;
}
