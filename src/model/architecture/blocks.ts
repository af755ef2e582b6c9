import { LAYER_NORM_EPS, type TowerConfig } from '../config/config.js';
import type { AttentionInput, AttentionSite, AttentionWatcher, BlockOps, Ops, PlacePart } from './ops.js';

/** What differs between the residual blocks of the towers. */
export interface BlockStyle extends Pick<TowerConfig, 'activation' | 'norm_eps'> {
  readonly heads: number;
  readonly width: number;
  /** Whether LayerScale gammas (ls_1, ls_2) follow the two branches. */
  readonly layerScale: boolean;
}

export function blockStyle(tower: TowerConfig, heads: number): BlockStyle {
  const { width, activation, norm_eps, ls_init_value } = tower;
  return { heads, width, activation, norm_eps, layerScale: ls_init_value !== null };
}

/** Which attention a block is, and who wants to see its probabilities. */
export interface Watched<T> extends AttentionSite {
  readonly watch: AttentionWatcher<T> | undefined;
}

export type KeysValues<T> = {
  readonly keys: T;
  readonly values: T;
};

export function layerNorm<T>(ops: BlockOps<T>, prefix: string, x: T, { norm_eps }: Pick<TowerConfig, 'norm_eps'>): T {
  return ops.layerNorm(x, ops.parameter(`${prefix}.weight`), ops.parameter(`${prefix}.bias`), norm_eps);
}

/** What goes on from a place: x itself, or what it was changed into. */
function passing<T>(ops: BlockOps<T>, part: PlacePart, { name, layer }: AttentionSite, x: T): T {
  if (ops.places === undefined) return x;
  const place = { part, name, layer };
  const change = ops.places.changeAt(place);
  const passed = change ? ops.add(ops.multiply(x, change.scale), change.offset) : x;
  ops.places.observe(place, passed);
  return passed;
}

function outProjection<T>(ops: BlockOps<T>, prefix: string, x: T): T {
  return ops.linear(x, ops.parameter(`${prefix}.out_proj.weight`), ops.parameter(`${prefix}.out_proj.bias`));
}

function attend<T>(
  ops: BlockOps<T>,
  input: Omit<AttentionInput<T>, 'site' | 'wantProbabilities'>,
  { name, layer, watch }: Watched<T>,
): T {
  const { output, probabilities } = ops.attention({
    ...input,
    site: { name, layer },
    wantProbabilities: watch !== undefined,
  });
  if (probabilities !== undefined) watch?.(name, layer, probabilities);
  return passing(ops, 'attention', { name, layer }, output);
}

/** x + ls_2(c_proj(act(c_fc(ln_2(x))))) */
function mlpBranch<T>(ops: BlockOps<T>, prefix: string, x: T, style: BlockStyle, site: AttentionSite): T {
  const linear = (name: string, input: T) =>
    ops.linear(input, ops.parameter(`${prefix}.mlp.${name}.weight`), ops.parameter(`${prefix}.mlp.${name}.bias`));
  const hidden = linear('c_fc', layerNorm(ops, `${prefix}.ln_2`, x, style));
  const branch = passing(ops, 'mlp', site, linear('c_proj', ops.activate(hidden, style.activation)));
  return passing(ops, 'residual', site, ops.add(x, scaled(ops, `${prefix}.ls_2`, branch, style)));
}

function scaled<T>(ops: BlockOps<T>, prefix: string, branch: T, style: BlockStyle): T {
  return style.layerScale ? ops.multiply(branch, ops.parameter(`${prefix}.gamma`)) : branch;
}

/**
 * A pre-norm residual block with self-attention: x [B, N, W] -> [B, N, W], and the keys and values of these rows
 * ([B, N, W] each), which a cache may keep.
 */
export function selfAttentionBlock<T>(
  ops: BlockOps<T>,
  prefix: string,
  x: T,
  style: BlockStyle,
  context: { readonly mask?: T; readonly cache?: KeysValues<T> },
  watched: Watched<T>,
): { readonly x: T; readonly own: KeysValues<T> } {
  return ops.scope(() => {
    const normed = layerNorm(ops, `${prefix}.ln_1`, x, style);
    const [query, keys, values] = ops.inProjection(normed, `${prefix}.attn`, [0, 1, 2], style.heads);
    const own = { keys: keys!, values: values! };
    const attended = attend(ops, { heads: style.heads, query: query!, own, ...context }, watched);
    return { x: afterAttention(ops, prefix, x, attended, style, watched), own };
  });
}

/** What follows attention in every block: its output projection, the residual path, and the MLP. */
function afterAttention<T>(
  ops: BlockOps<T>,
  prefix: string,
  x: T,
  attended: T,
  style: BlockStyle,
  site: AttentionSite,
): T {
  const residual = ops.add(x, scaled(ops, `${prefix}.ls_1`, outProjection(ops, `${prefix}.attn`, attended), style));
  return mlpBranch(ops, prefix, residual, style, site);
}

/** Keys and values that a cross-attention block makes of image tokens [B, S, W]: [B, H, S, D] each. */
export function crossKeysValues<T>(ops: Ops<T>, prefix: string, imageTokens: T, style: BlockStyle): KeysValues<T> {
  return ops.scope(() => {
    const normed = layerNorm(ops, `${prefix}.ln_1_kv`, imageTokens, style);
    const [keys, values] = ops.inProjection(normed, `${prefix}.attn`, [1, 2], style.heads);
    return { keys: ops.splitHeads(keys!, style.heads), values: ops.splitHeads(values!, style.heads) };
  });
}

/** A pre-norm residual block whose queries are text and whose keys and values, [B, H, S, D], come from the image. */
export function crossAttentionBlock<T>(
  ops: BlockOps<T>,
  prefix: string,
  x: T,
  style: BlockStyle,
  image: KeysValues<T>,
  watched: Watched<T>,
): T {
  return ops.scope(() => {
    const normed = layerNorm(ops, `${prefix}.ln_1`, x, style);
    const [query] = ops.inProjection(normed, `${prefix}.attn`, [0], style.heads);
    const attended = attend(ops, { heads: style.heads, query: query!, cache: image }, watched);
    return afterAttention(ops, prefix, x, attended, style, watched);
  });
}

/** OpenCLIP's poolers do not heed `norm_kwargs`. */
const POOLER_NORM = { norm_eps: LAYER_NORM_EPS };

/**
 * Attentional pooling (CoCa, section 3.2): learned queries attend x [B, N, context] -> [B, Q, width].
 * PyTorch stores one fused input projection when both widths are equal and three separate ones otherwise.
 */
export function attentionalPooler<T>(
  ops: Ops<T>,
  prefix: string,
  x: T,
  shape: { readonly heads: number; readonly width: number; readonly contextWidth: number },
  watched: Watched<T>,
): T {
  const { heads, width, contextWidth } = shape;
  const attn = `${prefix}.attn`;
  const project = (input: T, part: 0 | 1 | 2): T => {
    const rows = [part * width, (part + 1) * width] as const;
    const weight =
      width === contextWidth
        ? ops.parameter(`${attn}.in_proj_weight`, rows)
        : ops.parameter(`${attn}.${'qkv'[part]}_proj_weight`);
    return ops.linear(input, weight, ops.parameter(`${attn}.in_proj_bias`, rows));
  };
  return ops.scope(() => {
    const context = layerNorm(ops, `${prefix}.ln_k`, x, POOLER_NORM);
    const query = project(layerNorm(ops, `${prefix}.ln_q`, ops.parameter(`${prefix}.query`), POOLER_NORM), 0);
    const [keys, values] =
      width === contextWidth
        ? ops.inProjection(context, attn, [1, 2], heads)
        : [project(context, 1), project(context, 2)];
    const own = { keys: keys!, values: values! };
    return outProjection(ops, attn, attend(ops, { heads, query: ops.repeat(query, x), own }, watched));
  });
}

/**
 * Pooling by the attention of a learned latent query, then an MLP (timm's AttentionPoolLatent): x [B, N, W] -> [B, 1, W].
 * Query and key-value projections are stored apart.
 */
export function latentPooler<T>(ops: Ops<T>, prefix: string, x: T, style: BlockStyle, watched: Watched<T>): T {
  const { heads, width } = style;
  const project = (input: T, name: string, rows?: readonly [number, number]) =>
    ops.linear(input, ops.parameter(`${prefix}.${name}.weight`, rows), ops.parameter(`${prefix}.${name}.bias`, rows));
  return ops.scope(() => {
    const query = project(ops.parameter(`${prefix}.latent`), 'q'); // [1, W]
    const own = { keys: project(x, 'kv', [0, width]), values: project(x, 'kv', [width, 2 * width]) };
    const attended = attend(ops, { heads, query: ops.repeat(query, x), own }, watched);
    return mlpBranch(ops, prefix, outProjection(ops, prefix, attended), style, watched);
  });
}
