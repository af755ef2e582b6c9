import { isAbsolute } from 'node:path';
import { expand } from 'brace-expansion';
import { glob, isDynamicPattern } from 'tinyglobby';
import { CocaError } from '../errors.js';

/**
 * The files that a path stands for: braces (`{000..127}`, `{train,extra}`) are written out in their order, globs match
 * what is there, sorted. A path without either is itself, whether or not it exists.
 * @throws CocaError `not-found` for a glob that matches nothing
 */
export async function expandPaths(pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for (const word of expand(pattern)) {
    if (!isDynamicPattern(word)) {
      paths.push(word);
      continue;
    }
    const found = await glob([word], { absolute: isAbsolute(word), onlyFiles: true, expandDirectories: false });
    if (found.length === 0) throw new CocaError('not-found', `no file matches ${word}`);
    paths.push(...found.sort());
  }
  return paths;
}
