import { CocaError } from '../base/errors.js';

/** How much of a name out of a file an error message repeats. */
const MAX_QUOTED = 100;

/** A name out of an untrusted file as it may stand in a message: quoted, control characters escaped, of bounded length. */
export function quote(name: string): string {
  return JSON.stringify(name.length > MAX_QUOTED ? `${name.slice(0, MAX_QUOTED)}…` : name);
}

/** The error for weights that are malformed or hostile: the file first, then what is wrong with it. */
export function badCheckpoint(path: string, reason: string, hint?: string): CocaError {
  return new CocaError('bad-checkpoint', `${path}: ${reason}`, hint);
}

/** What errors call a file of weights: what was given, rather than its conversion or the file that links lead to. */
export const calledBy = ({ given, path }: { readonly given?: string; readonly path: string }): string => given ?? path;
