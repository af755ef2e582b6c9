import type { AttentionName, Place, PlaceChange } from '../architecture/ops.js';
import type { SafetensorsFile } from '../checkpoint/safetensors.js';
import type { CaptionIds, DecodingOptions } from '../decoding/index.js';
import type { SpecialIds, TreeModel } from '../decoding/types.js';

/**
 * Image tokens, ready to be cross-attended. They are held on this side, not by the engine: nothing tells when a picture is
 * no longer wanted.
 */
export interface ImageTokens {
  /** B */
  readonly count: number;
  /** [B, T, W]; T is that of one picture (`imageTokenCount`), or N times that for clips of a model without a pooler. */
  readonly data: Float32Array;
}

/** Token trees, one for each picture. */
export interface ImageTrees extends TreeModel {
  /**
   * Begins the tree at a place anew, over another picture; the others stay as they are. Not there where an engine's memory
   * is laid out for the pictures that it was opened with.
   * @param image of one picture
   */
  replace?(place: number, image: ImageTokens): Promise<void>;
}

export interface EncodedImages {
  /** [B, E] each as one row-major array: before and after L2 normalisation. */
  readonly latent: Float32Array;
  readonly features: Float32Array;
  readonly tokens: ImageTokens;
}

export interface EncodedTexts {
  /** [B, E] each as one row-major array: before and after L2 normalisation. */
  readonly latent: Float32Array;
  readonly features: Float32Array;
}

/** Attention probabilities of one layer: [B, H, queries, keys], row-major. */
export interface Attention {
  readonly name: AttentionName;
  readonly layer: number;
  readonly data: Float32Array;
  readonly shape: readonly [batch: number, heads: number, queries: number, keys: number];
}

/** Receives every layer's attention of a call. Asking for it costs a second set of graphs; not asking costs nothing. */
export type AttentionSink = (attention: Attention) => void;

/** Numbers of three sides, row-major. */
export interface Block {
  readonly data: Float32Array;
  readonly shape: readonly [batch: number, rows: number, width: number];
}

/** What is made of the value at a place, [B, N, W]: each side of scale and offset is as long, or 1. */
export type Change = Place & PlaceChange<Block>;

/** What was at a place of the network in a call, [B, N, W], after any change of it. */
export type Activation = Place & Block;

/** How a call looks into the network, or changes it. Each costs further graphs, which are made when first asked for. */
export interface Probe {
  readonly onAttention?: AttentionSink | undefined;
  readonly onActivation?: ((activation: Activation) => void) | undefined;
  /** Those at places that a call does not come by have no effect on it. */
  readonly changes?: readonly Change[] | undefined;
}

/** A search for captions of a picture, as plain values. */
export interface PictureSearch {
  /** [3, S, S], normalised. */
  readonly pixels: Float32Array;
  readonly options: DecodingOptions;
  readonly special: SpecialIds;
  /** Ids that captions begin with, the start token first. */
  readonly prompt: readonly number[];
}

/** What a search has found. */
export interface FoundCaptions {
  /** Best first. */
  readonly captions: readonly CaptionIds[];
  /** Milliseconds in the vision tower and in the decoder, its share of what was computed for several. */
  readonly ms: { readonly encode: number; readonly decode: number };
}

export interface SearchHooks {
  /** Told after each step which ids whatever is found begins with (`certainIds`). */
  readonly onCertain?: ((ids: readonly number[]) => void) | undefined;
  /** Once aborted, the search ends. */
  readonly signal?: AbortSignal | undefined;
}

/** Searches that come and go, side by side in the steps of one network (`SharedDecoding`). */
export interface Searches {
  /** @throws CocaError as `SharedDecoding.run`; `bad-checkpoint` for an embedding that is not finite */
  run(search: PictureSearch, hooks?: SearchHooks): Promise<FoundCaptions>;
}

/** The weights that a network computes with. */
export interface Weights {
  readonly checkpoint: SafetensorsFile;
  /** The same with its large matrices in 8 bits (`quantise/checkpoint.ts`), to be used for everything but gradients. */
  readonly quantised?: SafetensorsFile;
  /** Whether everything but gradients is computed in half precision. */
  readonly isHalf?: boolean;
}

/**
 * What a network can be made ready for. `image attention` is pictures with their attention watched, `attention` also
 * captions with theirs, `attribution` also its gradients.
 */
export type Task = 'images' | 'texts' | 'captions' | 'image attention' | 'attention' | 'attribution';

/** A CoCa network on some engine and device. */
export interface Network {
  /** One of the engine's devices (ENGINE_DEVICES). */
  readonly device: string;
  /**
   * Aborted when what computes has ended before its time, with a CocaError `engine` that every call meets from then on.
   * Not there where it cannot end without this process.
   */
  readonly ended?: AbortSignal | undefined;
  /** pixels [B, 3, S, S], normalised. */
  encodeImages(pixels: Float32Array, count: number, probe?: Probe): Promise<EncodedImages>;
  /**
   * The first half of the image encoder, for the frames of a clip: pixels [B, 3, S, S], normalised -> encoder outputs [B, K, W].
   */
  encodeFrames(pixels: Float32Array, count: number, probe?: Probe): Promise<Block>;
  /**
   * The second half, over the outputs of all frames in a row: [1, N K, W] -> one clip. Of models with an attentional pooler
   * (`hasImagePooler`).
   */
  poolFrames(outputs: Block, probe?: Probe): Promise<EncodedImages>;
  /** Texts as contexts of `context_length` ids each: start, tokens, end, padding. */
  encodeTexts(contexts: readonly Int32Array[], probe?: Probe): Promise<EncodedTexts>;
  /**
   * Decoding trees, one for each picture. Self-attention is reported over the nodes of the tree in their order (a
   * batch's longest tree; a shorter one's missing nodes have none), then the rows of the call.
   */
  openTrees(tokens: ImageTokens, probe?: Probe): Promise<ImageTrees>;
  /**
   * By the cross-attention probabilities of each layer, the gradient of what each row of a caption predicts: row r's is
   * that of log p(ids[r + 1] | image, ids[0..r]), as [1, H, N, T] for one picture and N = ids.length - 1 rows.
   * @param probe of which only changes matter
   */
  crossGradients(tokens: ImageTokens, ids: readonly number[], probe?: Probe): Promise<readonly Attention[]>;
  /**
   * What outputs of the multimodal half say comes next: rows [B, N, W], from after any of its layers -> logits [B, N, V],
   * row-major.
   */
  readOut(rows: Block): Promise<Float32Array>;
  /**
   * Searches that run where this network computes, `most` of them side by side: a step then waits for no other process. Not there where
   * that is this process (`searchesOn`).
   */
  searches?(most: number): Searches;
  /**
   * Makes ready what a task will need, so that its first call is as fast as the others.
   * @param onProgress receives the part that is done, from 0 to 1
   */
  prepare(task: Task, onProgress?: (part: number) => void): Promise<void>;
  release(): Promise<void>;
}
