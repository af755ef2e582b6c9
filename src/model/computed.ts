import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Coca } from './api.js';
import { CocaError } from './base/errors.js';
import { derivedName, prepareCache } from './checkpoint/derived.js';
import { openSafetensors, readTensor, writeSafetensors } from './checkpoint/index.js';

const TENSOR = 'values';

/** Numbers that a model computed and that are kept in the cache. */
export interface Computed {
  readonly folder: string;
  /** What they are, for errors. */
  readonly what: string;
  /** All that they are computed of beside the model. */
  readonly of: unknown;
  /** Whether that is texts, so that the tokenizer has a part in it. */
  readonly isOfTexts?: boolean;
  /** How many there are, where that is known beforehand. */
  readonly length?: number;
  /** Whether what was kept can be what was written. */
  readonly isSound?: (values: Float32Array) => boolean;
  /** Told, and not thrown, where a kept file is of no use: it is made anew. */
  readonly onBroken?: ((text: string) => void) | undefined;
}

/**
 * Numbers of a model, from the cache, or made and kept there: by its weights and their precision, its config, what was taken out of it, what
 * they are of, and its tokenizer where that is texts. With means in place of what was taken out nothing is kept, since nothing tells those means from others.
 * Where the cache cannot be written, they are made again the next time.
 * @throws CocaError as `make`
 */
export async function computedValues(
  coca: Pick<Coca, 'fingerprint' | 'tokenizerFingerprint' | 'precision' | 'config' | 'ablated'>,
  { folder, what, of, isOfTexts = false, length, isSound = () => true, onBroken }: Computed,
  make: () => Promise<Float32Array>,
): Promise<Float32Array> {
  if (coca.ablated?.with === 'mean') return make();
  const by = JSON.stringify([
    ...[coca.config, coca.ablated?.sites ?? [], of],
    ...(isOfTexts ? [await coca.tokenizerFingerprint()] : []),
  ]);
  const digest = createHash('sha256').update(by).digest('hex').slice(0, 16);
  const path = join(folder, derivedName(await coca.fingerprint(), `${coca.precision}-${digest}`));
  const isWhole = (values: Float32Array) =>
    values.every(Number.isFinite) && (length === undefined || values.length === length) && isSound(values);
  const kept = await readKept(path);
  if (kept instanceof Float32Array && isWhole(kept)) return kept;
  if (kept !== 'missing') {
    onBroken?.(`${path} ${kept instanceof Float32Array ? 'is not what was written' : 'was cut'}: it is made anew`);
  }
  const values = await make();
  await keep(path, what, values);
  return values;
}

async function readKept(path: string): Promise<Float32Array | 'missing' | 'was cut'> {
  try {
    const file = await openSafetensors(path);
    return file.tensors.has(TENSOR) ? await readTensor(file, TENSOR) : 'was cut';
  } catch (error) {
    if (error instanceof CocaError && error.code === 'bad-checkpoint') return 'was cut';
    return 'missing';
  }
}

async function keep(path: string, what: string, values: Float32Array): Promise<void> {
  try {
    await prepareCache(dirname(path), basename(path), what);
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await writeSafetensors(path, [{ name: TENSOR, dtype: 'F32', shape: [values.length], data }]);
  } catch (error) {
    if (!(error instanceof CocaError && error.code === 'write-failed')) throw error;
  }
}
