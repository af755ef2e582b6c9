import { isWeightDtype } from './dtype.js';
import { badCheckpoint, calledBy, quote } from './problem.js';
import type { TensorList } from './tensor-list.js';

/** How many tensors of each kind a message names. */
const MAX_NAMED = 8;

/** Scalars that some checkpoints store as [] and others as [1]. */
const SCALARS = new Set(['logit_scale', 'logit_bias']);

/**
 * Checks a checkpoint's tensors against what a config needs: names, shapes, and element types that weights can have
 * (F32, F16, BF16). Names that end in `attn_mask` may be there without need: older OpenCLIP saved its causal mask.
 * @throws CocaError `bad-checkpoint`, one for all differences, at most eight of each kind named, as the file names them.
 */
export function checkShapes(file: TensorList, expected: ReadonlyMap<string, readonly number[]>): void {
  const missing: string[] = [];
  const misshaped: string[] = [];
  const mistyped: string[] = [];
  const named = (name: string) => quote((file.prefix ?? '') + name);
  for (const [name, shape] of expected) {
    const entry = file.tensors.get(name);
    if (entry === undefined) {
      missing.push(named(name));
      continue;
    }
    if (!sameShape(name, entry.shape, shape)) {
      misshaped.push(`${named(name)} is [${entry.shape.join(', ')}] instead of [${shape.join(', ')}]`);
    }
    if (!isWeightDtype(entry.dtype)) mistyped.push(`${named(name)} is ${entry.dtype} instead of F32, F16 or BF16`);
  }
  const unexpected: string[] = [];
  for (const name of file.tensors.keys()) {
    if (!expected.has(name) && !/(^|\.)attn_mask$/.test(name)) unexpected.push(named(name));
  }
  const problems = [
    list('missing', missing),
    list('unexpected', unexpected),
    list('of another shape', misshaped),
    list('of another type', mistyped),
  ].filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  throw badCheckpoint(
    calledBy(file),
    `its tensors do not fit the config: ${problems.join('; ')}`,
    'use the open_clip_config.json that belongs to these weights',
  );
}

function sameShape(name: string, actual: readonly number[], expected: readonly number[]): boolean {
  if (SCALARS.has(name) && isScalar(actual) && isScalar(expected)) return true;
  return actual.length === expected.length && actual.every((dimension, i) => dimension === expected[i]);
}

function isScalar(shape: readonly number[]): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0] === 1);
}

function list(kind: string, items: readonly string[]): string | undefined {
  if (items.length === 0) return undefined;
  const named = items.slice(0, MAX_NAMED).join(', ');
  const more = items.length > MAX_NAMED ? ` and ${items.length - MAX_NAMED} more` : '';
  return `${items.length} ${kind} (${named}${more})`;
}
