import type { AttentionInput, AttentionName, AttentionWatcher, Ops } from './ops.js';

/** What differs between the residual blocks of the towers. */
export interface BlockStyle {
  readonly heads: number;
  readonly width: number;
  readonly quickGelu: boolean;
  /** Whether LayerScale gammas (ls_1, ls_2) follow the two branches. */
  readonly layerScale: boolean;
}

/** Which attention a block is, and who wants to see its probabilities. */
export interface Watched<T> {
  readonly name: AttentionName;
  readonly layer: number;
  readonly watch: AttentionWatcher<T> | undefined;
}

export interface KeysValues<T> {
  readonly keys: T;
  readonly values: T;
}

/** Query, key or value rows of PyTorch's fused `in_proj_weight` and `in_proj_bias`: x [B, N, W] -> [B, N, W]. */
function inProjection<T>(ops: Ops<T>, prefix: string, x: T, part: 0 | 1 | 2, width: number): T {
  const rows = [part * width, (part + 1) * width] as const;
  return ops.linear(x, ops.parameter(`${prefix}.in_proj_weight`, rows), ops.parameter(`${prefix}.in_proj_bias`, rows));
}

export function layerNorm<T>(ops: Ops<T>, prefix: string, x: T): T {
  return ops.layerNorm(x, ops.parameter(`${prefix}.weight`), ops.parameter(`${prefix}.bias`));
}

function outProjection<T>(ops: Ops<T>, prefix: string, x: T): T {
  return ops.linear(x, ops.parameter(`${prefix}.out_proj.weight`), ops.parameter(`${prefix}.out_proj.bias`));
}

export function attend<T>(ops: Ops<T>, input: Omit<AttentionInput<T>, 'wantProbabilities'>, watched: Watched<T>): T {
  const { output, probabilities } = ops.attention({ ...input, wantProbabilities: watched.watch !== undefined });
  if (probabilities !== undefined) watched.watch?.(watched.name, watched.layer, probabilities);
  return output;
}

/** x + ls_2(c_proj(act(c_fc(ln_2(x))))) */
function mlpBranch<T>(ops: Ops<T>, prefix: string, x: T, style: BlockStyle): T {
  const linear = (name: string, input: T) =>
    ops.linear(input, ops.parameter(`${prefix}.mlp.${name}.weight`), ops.parameter(`${prefix}.mlp.${name}.bias`));
  const hidden = linear('c_fc', layerNorm(ops, `${prefix}.ln_2`, x));
  const branch = linear('c_proj', style.quickGelu ? ops.quickGelu(hidden) : ops.gelu(hidden));
  return ops.add(x, scaled(ops, `${prefix}.ls_2`, branch, style));
}

function scaled<T>(ops: Ops<T>, prefix: string, branch: T, style: BlockStyle): T {
  return style.layerScale ? ops.multiply(branch, ops.parameter(`${prefix}.gamma`)) : branch;
}

/**
 * A pre-norm residual block with self-attention: x [B, N, W] -> [B, N, W], and the keys and values of these rows
 * ([B, N, W] each), which a cache may keep.
 */
export function selfAttentionBlock<T>(
  ops: Ops<T>,
  prefix: string,
  x: T,
  style: BlockStyle,
  context: { readonly mask?: T; readonly cache?: KeysValues<T> },
  watched: Watched<T>,
): { readonly x: T; readonly own: KeysValues<T> } {
  const normed = layerNorm(ops, `${prefix}.ln_1`, x);
  const project = (part: 0 | 1 | 2) => inProjection(ops, `${prefix}.attn`, normed, part, style.width);
  const query = project(0);
  const own = { keys: project(1), values: project(2) };
  const attended = attend(ops, { heads: style.heads, query, own, ...context }, watched);
  const residual = ops.add(x, scaled(ops, `${prefix}.ls_1`, outProjection(ops, `${prefix}.attn`, attended), style));
  return { x: mlpBranch(ops, prefix, residual, style), own };
}

/** Keys and values that a cross-attention block makes of image tokens [B, S, W]: [B, S, W] each. */
export function crossKeysValues<T>(ops: Ops<T>, prefix: string, imageTokens: T, width: number): KeysValues<T> {
  const normed = layerNorm(ops, `${prefix}.ln_1_kv`, imageTokens);
  return {
    keys: inProjection(ops, `${prefix}.attn`, normed, 1, width),
    values: inProjection(ops, `${prefix}.attn`, normed, 2, width),
  };
}

/** A pre-norm residual block whose queries are text and whose keys and values, [B, H, S, D], come from the image. */
export function crossAttentionBlock<T>(
  ops: Ops<T>,
  prefix: string,
  x: T,
  style: BlockStyle,
  image: KeysValues<T>,
  watched: Watched<T>,
): T {
  const query = inProjection(ops, `${prefix}.attn`, layerNorm(ops, `${prefix}.ln_1`, x), 0, style.width);
  const attended = attend(ops, { heads: style.heads, query, cache: image }, watched);
  const residual = ops.add(x, scaled(ops, `${prefix}.ls_1`, outProjection(ops, `${prefix}.attn`, attended), style));
  return mlpBranch(ops, prefix, residual, style);
}

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
    if (width === contextWidth) return inProjection(ops, attn, input, part, width);
    const weight = ops.parameter(`${attn}.${'qkv'[part]}_proj_weight`);
    return ops.linear(input, weight, ops.parameter(`${attn}.in_proj_bias`, [part * width, (part + 1) * width]));
  };
  const context = layerNorm(ops, `${prefix}.ln_k`, x);
  const query = project(layerNorm(ops, `${prefix}.ln_q`, ops.parameter(`${prefix}.query`)), 0);
  const own = { keys: project(context, 1), values: project(context, 2) };
  return outProjection(ops, attn, attend(ops, { heads, query: ops.repeat(query, x), own }, watched));
}
