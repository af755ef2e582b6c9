import { CocaError } from '../base/errors.js';
import { filesOf } from '../base/glob.js';

/**
 * The files that a path stands for, as `filesOf` has them, in order: one without braces and wildcards is itself, whether or not it
 * exists.
 * @throws CocaError `not-found` for a wildcard that matches nothing
 */
export async function expandPaths(pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { word, files } of filesOf(pattern)) {
    if (files.length === 0) throw new CocaError('not-found', `no file matches ${word}`);
    for (const file of files) paths.push(file);
  }
  return paths;
}
