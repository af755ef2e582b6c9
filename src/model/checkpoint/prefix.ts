/** What distributed training (PyTorch's DistributedDataParallel) puts before every name. */
const PREFIX = 'module.';

/**
 * Tensors by their names in the network: OpenCLIP takes off a `module.` that stands before all of them, in every format.
 */
export function withoutPrefix<T>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  if (![...tensors.keys()].every((name) => name.startsWith(PREFIX))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(PREFIX.length), tensor]));
}
