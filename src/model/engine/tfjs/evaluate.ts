import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttentionWatcher } from '../../architecture/ops.js';
import { CocaError } from '../../base/errors.js';
import { reasonOf } from '../devices.js';
import type { AttentionSink } from '../network.js';
import type { Backend } from './backends.js';

/**
 * Computes some tensors and brings them to this side; nothing stays on the backend.
 * @param onAttention receives the attention that `work` hands to its watcher
 * @throws CocaError `engine` when the backend fails
 */
export async function evaluate<Made extends { readonly [name: string]: Tensor }>(
  backend: Backend,
  what: string,
  work: (watch: AttentionWatcher<Tensor> | undefined) => Made,
  onAttention?: AttentionSink,
): Promise<{ readonly [K in keyof Made]: Float32Array }> {
  const seen: { readonly name: Parameters<AttentionWatcher<Tensor>>[0]; layer: number; tensor: Tensor }[] = [];
  const watch: AttentionWatcher<Tensor> = (name, layer, tensor) =>
    seen.push({ name, layer, tensor: backend.tf.keep(tensor) });
  let made: Partial<Made> = {};
  try {
    made = backend.run(() => work(onAttention && watch));
    const values: { [K in keyof Made]?: Float32Array } = {};
    for (const key of Object.keys(made) as (keyof Made)[]) values[key] = (await made[key]!.data()) as Float32Array;
    for (const { name, layer, tensor } of seen) {
      const shape = tensor.shape as [number, number, number, number];
      onAttention!({ name, layer, data: (await tensor.data()) as Float32Array, shape });
    }
    return values as { [K in keyof Made]: Float32Array };
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('engine', `the ${what} failed on ${backend.device}: ${reasonOf(cause)}`, undefined, { cause });
  } finally {
    for (const tensor of Object.values<Tensor | undefined>(made)) tensor?.dispose();
    for (const { tensor } of seen) tensor.dispose();
  }
}
