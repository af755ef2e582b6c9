import type { PlainError } from '../../base/errors.js';
import type { ModelConfig } from '../../config/config.js';
import type { RowScores, TokenRow } from '../../decoding/types.js';
import type { Device, Engine } from '../engines.js';
import type {
  Activation,
  Attention,
  Block,
  Change,
  EncodedImages,
  EncodedTexts,
  FoundCaptions,
  ImageTokens,
  PictureSearch,
  Task,
  Weights,
} from '../network.js';
import type { Remark } from '../remark.js';

/** Which network the process is to open; everything about it was checked already. */
export interface Opening {
  readonly engine: Engine;
  readonly device: Device | 'auto';
  readonly config: ModelConfig;
  readonly weights: Weights;
}

export interface Opened {
  readonly device: string;
}

/** A probe as plain values: what it looks at, and its changes. */
export interface PlainProbe {
  readonly attention: boolean;
  readonly activations: boolean;
  readonly changes: readonly Change[];
}

/** What a call gave, and what its probe saw. */
export interface Watched<T> {
  readonly value: T;
  readonly attention: readonly Attention[];
  readonly activations: readonly Activation[];
}

export interface OpenedTrees {
  /** What the process calls them. */
  readonly id: number;
  readonly vocabSize: number;
  readonly batch: number;
  /** Whether `replaceTree` is there. */
  readonly canReplace: boolean;
}

/** What was told to `TreeModel.retain` at one time. */
export type LiveNodes = readonly (readonly number[])[];

/**
 * What can be asked of an engine's process: `Network` and `TreeModel` (which see), as functions of plain values, since
 * nothing else passes between processes.
 */
export interface EngineCalls {
  /** Comes first, and once. */
  open(opening: Opening): Promise<Opened>;
  prepare(task: Task): Promise<void>;
  encodeImages(pixels: Float32Array, count: number, probe: PlainProbe): Promise<Watched<EncodedImages>>;
  encodeFrames(pixels: Float32Array, count: number, probe: PlainProbe): Promise<Watched<Block>>;
  poolFrames(outputs: Block, probe: PlainProbe): Promise<Watched<EncodedImages>>;
  encodeTexts(contexts: readonly Int32Array[], probe: PlainProbe): Promise<Watched<EncodedTexts>>;
  openTrees(tokens: ImageTokens, probe: PlainProbe): Promise<OpenedTrees>;
  /** @param hints what `retain` was told since the last call, in order */
  extend(
    trees: number,
    rows: readonly (readonly TokenRow[])[],
    hints: readonly LiveNodes[],
    candidates: number | undefined,
  ): Promise<Watched<readonly RowScores[]>>;
  /** @param hints as for `extend` */
  replaceTree(trees: number, place: number, image: ImageTokens, hints: readonly LiveNodes[]): Promise<void>;
  releaseTrees(trees: number): Promise<void>;
  crossGradients(tokens: ImageTokens, ids: readonly number[], probe: PlainProbe): Promise<readonly Attention[]>;
  readOut(rows: Block): Promise<Float32Array>;
  /** @returns what the process calls these searches; they are there as long as it is */
  openSearches(most: number): Promise<number>;
  /** One of them; followed by the ids that are certain. */
  search(searches: number, search: PictureSearch): Promise<FoundCaptions>;
}

export type CallName = keyof EngineCalls;

/** A call of the process. Calls may overlap; each is answered once. */
export interface Call<N extends CallName = CallName> {
  readonly id: number;
  readonly name: N;
  readonly args: Parameters<EngineCalls[N]>;
  /** Whether the process is to tell how far the call has come. */
  readonly isFollowed: boolean;
}

/** To the process: a call, or that one of them is not wanted any more. */
export type Request = Call | { readonly stop: number };

/** What a call is told beside its arguments, and tells. */
export interface Following<Part> {
  /** Receives how far it has come; there where somebody wants to know. */
  readonly tell?: ((part: Part) => void) | undefined;
  /** Aborted when it is not wanted any more. */
  readonly signal?: AbortSignal | undefined;
}

/** From the process: an answer, how far a call has come, or a remark for a person while the network is opened. */
export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: PlainError }
  | { readonly id: number; readonly part: unknown }
  | { readonly remark: Remark };
