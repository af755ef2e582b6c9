import type { Activation } from '../config/config.js';

/**
 * What the network is written in: a dozen coarse operations on an opaque tensor T. An engine supplies them, either by
 * adding nodes to a graph that is run later (ONNX) or by computing at once. B is the batch, N and M are sequence
 * lengths, W is a width, H heads of D = W / H floats.
 */
export interface Ops<T> {
  /** A tensor of the checkpoint; with `rows`, only rows [start, end) of its first axis. */
  parameter(name: string, rows?: readonly [start: number, end: number]): T;
  /** x W^T + b: x [..., in], weight [out, in] (PyTorch's layout), bias [out]. */
  linear(x: T, weight: T, bias: T): T;
  /** x P: x [..., in], projection [in, out]. */
  project(x: T, projection: T): T;
  /**
   * Some of the query (0), key (1) and value (2) projections that PyTorch keeps as consecutive row ranges of one
   * `in_proj_weight` [3W, in] and `in_proj_bias` [3W]: x [B, N, in] -> [B, N, W] each. Their form is the engine's own:
   * they are for `attention` and `splitHeads`.
   */
  inProjection(x: T, prefix: string, parts: ProjectionParts, heads: number): readonly T[];
  /** Over the last axis. */
  layerNorm(x: T, weight: T, bias: T, epsilon: number): T;
  /** What an MLP has between its two layers. */
  activate(x: T, activation: Activation): T;
  /** Elementwise, broadcasting b over the leading axes of a. */
  add(a: T, b: T): T;
  /** Elementwise, broadcasting b over the leading axes of a. */
  multiply(a: T, b: T): T;
  /** [B, 3, S, S] pixels and [W, 3, p, p] kernels -> [B, P, W], one row a patch, row by row from the top left. */
  patchEmbed(pixels: T, kernels: T, patchSize: number): T;
  /** Rows of a table: ids [B, N], table [V, W] -> [B, N, W]. */
  embed(ids: T, table: T): T;
  /** [N, W] (or [W], as one row) repeated for every batch entry of `like` -> [B, N, W]. */
  repeat(x: T, like: T): T;
  /** Along the sequence axis: [B, N, W], [B, M, W] -> [B, N + M, W]. */
  concat(a: T, b: T): T;
  /** Positions [start, end) of the sequence axis; negative counts from the end, no `end` means to the end. */
  slice(x: T, start: number, end?: number): T;
  /** One position of the sequence axis: [B, N, W] -> [B, W]. */
  take(x: T, index: number): T;
  /** One position for each entry of the batch: [B, N, W] and indices [B] of its B * N rows -> [B, W]. */
  takeEach(x: T, rows: T): T;
  /** Mean over the sequence axis: [B, N, W] -> [B, W]. */
  meanRows(x: T): T;
  /** [B, N, W] -> [B, H, N, D]: how keys and values are kept. */
  splitHeads(x: T, heads: number): T;
  /** softmax(Q K^T / sqrt(D) + mask) V. */
  attention(input: AttentionInput<T>): AttentionOutput<T>;
  /** x / max(||x||, 1e-12) over the last axis. */
  l2Normalize(x: T): T;
  /** Runs a piece of the network; what it makes and does not return will not be asked for again. */
  scope<R extends ScopeResult<T>>(piece: () => R): R;
  /** Where the network is opened; not there where it only computes. */
  readonly places?: Places<T> | undefined;
}

/** What the residual blocks of the towers are written in. */
export type BlockOps<T> = Pick<
  Ops<T>,
  | 'parameter'
  | 'linear'
  | 'inProjection'
  | 'layerNorm'
  | 'activate'
  | 'add'
  | 'multiply'
  | 'attention'
  | 'scope'
  | 'places'
>;

/** Query; key and value; or all three. */
export type ProjectionParts = readonly [0] | readonly [1, 2] | readonly [0, 1, 2];

/** Tensors, alone or in plain objects. */
export type ScopeResult<T> = T | { readonly [name: string]: ScopeResult<T> };

export interface AttentionInput<T> {
  readonly heads: number;
  /** [B, N, W] */
  readonly query: T;
  /** [B, M, W]: keys and values of this call's own rows; may be left out when `cache` holds all there is. */
  readonly own?: { readonly keys: T; readonly values: T };
  /** [B, H, C, D]: keys and values from before, which come first. */
  readonly cache?: { readonly keys: T; readonly values: T };
  /** Added to the scores: [B or 1, 1, N, C + M]. */
  readonly mask?: T;
  /** Which attention of the network this is. */
  readonly site: AttentionSite;
  /** Whether the caller wants the probabilities too. */
  readonly wantProbabilities: boolean;
}

export interface AttentionOutput<T> {
  /** [B, N, W], heads side by side. */
  readonly output: T;
  /** [B, H, N, C + M], when they were asked for. */
  readonly probabilities?: T;
}

/** Which attention a probability tensor belongs to; the names are those of the golden data. */
export type AttentionName = 'vision' | 'pooler.0' | 'pooler.1' | 'text' | 'decoder_self' | 'cross';

export interface AttentionSite {
  readonly name: AttentionName;
  readonly layer: number;
}

/** Of a block: what its attention gives, heads side by side, before the output projection; what its MLP gives; what leaves it. */
export type PlacePart = 'attention' | 'mlp' | 'residual';

/** Somewhere that a value [B, N, W] can be seen, and another put in its stead. */
export interface Place extends AttentionSite {
  readonly part: PlacePart;
}

/** What becomes of a value x [B, N, W]: x scale + offset, each side of both as long as that of x, or 1. */
export interface PlaceChange<T> {
  readonly scale: T;
  readonly offset: T;
}

/** How a network is opened, so that it can be looked into and changed as it computes. */
export interface Places<T> {
  changeAt(place: Place): PlaceChange<T> | undefined;
  /** Receives what is at a place, once it was changed. */
  observe(place: Place, x: T): void;
}

/** Receives the attention probabilities of every layer, when they are asked for. */
export type AttentionWatcher<T> = (name: AttentionName, layer: number, probabilities: T) => void;
