import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../../base/cache.js';
import { CocaError } from '../../base/errors.js';
import { findInstalled } from '../../base/packages.js';

/** Packages of native code that this program can use but does not bring: they are large, or built on the spot. */
export type OptionalPackage = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu' | 'webgpu';

const own = createRequire(import.meta.url);

/**
 * The path of an optional package's main file, looked for in the `node_modules` of the folders that `$COCA_TFJS_PATH`
 * lists, then beside this program, then of `tfjs` in the cache folder, where `scripts/tfjs-native.sh` puts it.
 */
export function findPackage(name: OptionalPackage, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const listed = (env.COCA_TFJS_PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return findInstalled(name, listed, [join(cacheFolder(env), 'tfjs')]);
}

/** @throws CocaError `device` for a package that is not installed */
export function packagePath(name: OptionalPackage): string {
  const path = findPackage(name);
  if (path !== undefined) return path;
  throw new CocaError(
    'device',
    `the package ${name} is not installed`,
    name === 'webgpu'
      ? 'Install it beside this program (npm install webgpu), or name its folder in $COCA_TFJS_PATH; coca help engines has more.'
      : 'coca help engines tells how to build it.',
  );
}

export function loadFrom<T>(path: string): T {
  return own(path) as T;
}
