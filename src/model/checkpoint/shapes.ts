import { isWeightDtype } from './dtype.js';
import { nameInFile, PLAIN } from './names.js';
import { badCheckpoint, calledBy, quote } from './problem.js';
import type { TensorList } from './tensor-list.js';

/** How many tensors of each kind a message names. */
const MAX_NAMED = 8;

/** Older OpenCLIP saved its causal mask; programs of OpenAI's have three sizes among their tensors. */
const NOT_NEEDED = /(^|\.)attn_mask$|^(input_resolution|context_length|vocab_size)$/;

/** Scalars that some checkpoints store as [] and others as [1]. */
const SCALARS = new Set(['logit_scale', 'logit_bias']);

/**
 * Checks a checkpoint's tensors against what a config needs: names, shapes, and element types that weights can have
 * (F32, F16, BF16). What `NOT_NEEDED` names may be there without need.
 * @throws CocaError `bad-checkpoint`, one for all differences, at most eight of each kind named, as the file names them.
 */
export function checkShapes(file: TensorList, expected: ReadonlyMap<string, readonly number[]>): void {
  const missing: string[] = [];
  const misshaped: string[] = [];
  const mistyped: string[] = [];
  const named = (name: string) => quote(nameInFile(name, file.spelling ?? PLAIN));
  for (const [name, shape] of expected) {
    const entry = file.tensors.get(name);
    if (entry === undefined) {
      missing.push(named(name));
      continue;
    }
    if (!sameShape(name, entry.shape, shape)) {
      misshaped.push(`${named(name)} is [${entry.shape.join(', ')}] instead of [${shape.join(', ')}]`);
    }
    // Doubles become F32 as a checkpoint is opened.
    if (!isWeightDtype(entry.dtype) && entry.dtype !== 'F64')
      mistyped.push(`${named(name)} is ${entry.dtype} instead of F32, F16 or BF16`);
  }
  const unexpected: string[] = [];
  for (const name of file.tensors.keys()) {
    if (!expected.has(name) && !NOT_NEEDED.test(name)) unexpected.push(named(name));
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
