/** How a file spells the names of a model's tensors. Plain data: it travels to an engine's process. */
export interface Spelling {
  /** What a wrapper put before every name. */
  readonly prefix: string;
  /** Whether the text tower's names stand at the top, as in CLIP and every OpenCLIP model without `custom_text`. */
  readonly textAtTop: boolean;
  /** Whether the vision tower is timm's, with its names. */
  readonly timm: boolean;
}

export const PLAIN: Spelling = { prefix: '', textAtTop: false, timm: false };

interface Shaped {
  readonly shape: readonly number[];
}

/** Anything that has tensors by their names. */
interface Named<Tensor> {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly spelling?: Spelling;
}

/** What begins the names of a vision tower of timm. */
const TRUNK = 'visual.trunk.';

/** Parts of timm's names, and what the network calls them; the first that fit are taken. */
const TIMM_PARTS: readonly (readonly [timm: string, network: string])[] = [
  ['patch_embed.proj', 'conv1'],
  ['pos_embed', 'positional_embedding'],
  ['blocks', 'transformer.resblocks'],
  ['norm1', 'ln_1'],
  ['norm2', 'ln_2'],
  ['attn.qkv.weight', 'attn.in_proj_weight'],
  ['attn.qkv.bias', 'attn.in_proj_bias'],
  ['attn.proj', 'attn.out_proj'],
  ['attn_pool.proj', 'attn_pool.out_proj'],
  ['attn_pool.norm', 'attn_pool.ln_2'],
  ['mlp.fc1', 'mlp.c_fc'],
  ['mlp.fc2', 'mlp.c_proj'],
  ['norm', 'ln_post'],
];

/** timm keeps these with a first dimension of one, for the batch. */
const WITH_BATCH = /^visual\.trunk\.(pos_embed|attn_pool\.latent)$/;

const withParts = (name: string, parts: readonly (readonly [from: string, to: string])[]): string =>
  parts.reduce((all, [from, to]) => all.replace(`.${from}.`, `.${to}.`), `.${name}.`).slice(1, -1);

/** What a wrapper puts before the names of the model in it: distributed training, and `torch.compile`. */
const WRAPPERS = ['module.', '_orig_mod.'] as const;

/** What begins the names of a text tower at the top. */
const TEXT_AT_TOP = /^(text_projection|positional_embedding|token_embedding|transformer|ln_final|cls_emb)(\.|$)/;

/** The name by which such a tower is known. */
const TOKEN_TABLE = 'token_embedding.weight';

/**
 * The same tensors under the names that the network asks for: the `module.` of distributed training and the `_orig_mod.` of
 * `torch.compile`, in any order, are taken off where every name has them; a text tower at the top becomes `text.`; a vision tower
 * of timm gets OpenCLIP's names. How the file spells them is kept as `spelling`, for messages.
 */
export function underModelNames<Tensor extends Shaped, List extends Named<Tensor>>(
  list: List & Named<Tensor>,
): List & { readonly spelling: Spelling } {
  let prefix = '';
  for (;;) {
    const next = WRAPPERS.find((wrapper) => startAll(list, prefix + wrapper));
    if (next === undefined) break;
    prefix += next;
  }
  const timm = [...list.tensors.keys()].some((name) => name.startsWith(prefix + TRUNK));
  const spelling = { prefix, textAtTop: list.tensors.has(prefix + TOKEN_TABLE), timm };
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of list.tensors) {
    const bare = name.slice(prefix.length);
    if (spelling.textAtTop && TEXT_AT_TOP.test(bare)) tensors.set(`text.${bare}`, tensor);
    else if (!bare.startsWith(TRUNK)) tensors.set(bare, tensor);
    else {
      const hasBatch = WITH_BATCH.test(bare) && tensor.shape.length === 3 && tensor.shape[0] === 1;
      const shape = hasBatch ? tensor.shape.slice(1) : tensor.shape;
      tensors.set(`visual.${withParts(bare.slice(TRUNK.length), TIMM_PARTS)}`, { ...tensor, shape });
    }
  }
  return { ...list, spelling, tensors };
}

/** What a file that spells names so calls a tensor of the network. */
export function nameInFile(name: string, { prefix, textAtTop, timm }: Spelling): string {
  if (timm && name.startsWith('visual.')) {
    const back = TIMM_PARTS.map(([from, to]) => [to, from] as const).reverse();
    return prefix + TRUNK + withParts(name.slice('visual.'.length), back);
  }
  return prefix + (textAtTop ? name.replace(/^text\./, '') : name);
}

/** The shape that such a file has a tensor of the network in. */
export function shapeInFile(name: string, shape: readonly number[], spelling: Spelling): readonly number[] {
  return spelling.timm && WITH_BATCH.test(nameInFile(name, { ...spelling, prefix: '' })) ? [1, ...shape] : shape;
}

function startAll({ tensors }: Named<unknown>, prefix: string): boolean {
  return tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(prefix));
}
