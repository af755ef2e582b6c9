/** Anything that has tensors by their names. */
interface Named {
  readonly tensors: ReadonlyMap<string, unknown>;
}

/** What a wrapper puts before the names of the model in it: distributed training, and `torch.compile`. */
const WRAPPERS = ['module.', '_orig_mod.'] as const;

/**
 * The same tensors under the names that the model itself gives them: the `module.` of distributed training and the `_orig_mod.` of
 * `torch.compile`, in any order, are taken off where every name has them. What is taken off is kept as `prefix`, for messages.
 */
export function withoutPrefix<List extends Named>(list: List): List & { readonly prefix?: string } {
  let prefix = '';
  for (;;) {
    const next = WRAPPERS.find((wrapper) => startAll(list, prefix + wrapper));
    if (next === undefined) break;
    prefix += next;
  }
  if (prefix === '') return list;
  return { ...list, prefix, tensors: new Map([...list.tensors].map(([name, at]) => [name.slice(prefix.length), at])) };
}

function startAll({ tensors }: Named, prefix: string): boolean {
  return tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(prefix));
}
