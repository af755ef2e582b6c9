/** How a file spells the names of a model's tensors. Plain data: it travels to an engine's process. */
export interface Spelling {
  /** What a wrapper put before every name. */
  readonly prefix: string;
  /** Whether the text tower's names stand at the top, as in CLIP and every OpenCLIP model without `custom_text`. */
  readonly textAtTop: boolean;
}

export const PLAIN: Spelling = { prefix: '', textAtTop: false };

/** Anything that has tensors by their names. */
interface Named {
  readonly tensors: ReadonlyMap<string, unknown>;
  readonly spelling?: Spelling;
}

/** What a wrapper puts before the names of the model in it: distributed training, and `torch.compile`. */
const WRAPPERS = ['module.', '_orig_mod.'] as const;

/** What begins the names of a text tower at the top. */
const TEXT_AT_TOP = /^(text_projection|positional_embedding|token_embedding|transformer|ln_final|cls_emb)(\.|$)/;

/** The name by which such a tower is known. */
const TOKEN_TABLE = 'token_embedding.weight';

/**
 * The same tensors under the names that the network asks for: the `module.` of distributed training and the `_orig_mod.` of
 * `torch.compile`, in any order, are taken off where every name has them; a text tower at the top becomes `text.`. How the file
 * spells them is kept as `spelling`, for messages.
 */
export function underModelNames<List extends Named>(list: List): List & { readonly spelling: Spelling } {
  let prefix = '';
  for (;;) {
    const next = WRAPPERS.find((wrapper) => startAll(list, prefix + wrapper));
    if (next === undefined) break;
    prefix += next;
  }
  const spelling = { prefix, textAtTop: list.tensors.has(prefix + TOKEN_TABLE) };
  const modelName = (name: string) => {
    const bare = name.slice(prefix.length);
    return spelling.textAtTop && TEXT_AT_TOP.test(bare) ? `text.${bare}` : bare;
  };
  return { ...list, spelling, tensors: new Map([...list.tensors].map(([name, at]) => [modelName(name), at])) };
}

/** What a file that spells names so calls a tensor of the network. */
export function nameInFile(name: string, { prefix, textAtTop }: Spelling): string {
  return prefix + (textAtTop ? name.replace(/^text\./, '') : name);
}

function startAll({ tensors }: Named, prefix: string): boolean {
  return tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(prefix));
}
