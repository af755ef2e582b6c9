import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttentionWatcher, Places } from '../../architecture/ops.js';
import { CocaError } from '../../base/errors.js';
import { reasonOf } from '../devices.js';
import type { Probe } from '../network.js';
import type { Backend } from './backends.js';

/** What looks at a network as it computes, where anything does. */
export interface Onlooker {
  readonly watch: AttentionWatcher<Tensor> | undefined;
  readonly observe: Places<Tensor>['observe'] | undefined;
}

/**
 * Computes some tensors and brings them to this side; nothing stays on the backend.
 * @param work is given what the probe looks with
 * @throws CocaError `engine` when the backend fails
 */
export async function evaluate<Made extends { readonly [name: string]: Tensor }>(
  backend: Backend,
  what: string,
  work: (onlooker: Onlooker) => Made,
  { onAttention, onActivation }: Probe = {},
): Promise<{ readonly [K in keyof Made]: Float32Array }> {
  const seen: { readonly tensor: Tensor; readonly hand: (tensor: Tensor, data: Float32Array) => void }[] = [];
  const see = (tensor: Tensor, hand: (typeof seen)[number]['hand']): void => {
    seen.push({ tensor: backend.tf.keep(tensor), hand });
  };
  const watch: Onlooker['watch'] =
    onAttention &&
    ((name, layer, probabilities) =>
      see(probabilities, ({ shape }, data) =>
        onAttention({ name, layer, data, shape: shape as [number, number, number, number] }),
      ));
  const observe: Onlooker['observe'] =
    onActivation &&
    ((place, x) =>
      see(x, ({ shape }, data) => onActivation({ ...place, data, shape: shape as [number, number, number] })));
  let made: Partial<Made> = {};
  try {
    made = backend.run(() => work({ watch, observe }));
    const values: { [K in keyof Made]?: Float32Array } = {};
    for (const key of Object.keys(made) as (keyof Made)[]) values[key] = (await made[key]!.data()) as Float32Array;
    for (const { tensor, hand } of seen) hand(tensor, (await tensor.data()) as Float32Array);
    return values as { [K in keyof Made]: Float32Array };
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('engine', `the ${what} failed on ${backend.device}: ${reasonOf(cause)}`, undefined, { cause });
  } finally {
    for (const tensor of Object.values<Tensor | undefined>(made)) tensor?.dispose();
    for (const { tensor } of seen) tensor.dispose();
  }
}
