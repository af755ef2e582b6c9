import type { RawAttention } from './attention/raw.js';
import type { ModelConfig } from './config/config.js';
import type { CaptionIds, DecodingOptions, SearchState, TreeModel } from './decoding/index.js';
import type { Block, Change, Probe, SearchHooks, Task } from './engine/network.js';
import type { Picture } from './image/picture.js';
import type { Means } from './interventions/changes.js';
import type { Site } from './interventions/sites.js';
import type { Precision } from './quantise/precision.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';
import type { CutTexts } from './tokenizer/usable.js';

/** A batch of pictures that went through the vision tower: what captions, ranks and embeddings start from. */
export interface ImageEncoding {
  readonly count: number;
  /** Contrastive embeddings, one a picture, embed_dim floats of unit length. */
  readonly features: readonly Float32Array[];
  /** The same before normalisation: what a classifier reads. */
  readonly latents: readonly Float32Array[];
  /** Milliseconds that the vision tower took for the whole batch. */
  readonly ms: number;
}

/** Progress of a running search, after each step. */
export interface DecodingProgress {
  readonly step: number;
  readonly maxSteps: number;
  /** One search state a picture. */
  readonly states: readonly SearchState[];
}

/** What a search is given beside its options. */
export interface CaptionHooks {
  readonly onStep?: (progress: DecodingProgress) => void;
  readonly signal?: AbortSignal;
}

/** How a caption is searched for, and how it begins. */
export type CaptionOptions = DecodingOptions & { readonly prompt?: string };

/** A caption that a search has found. */
export interface Caption extends CaptionIds {
  /** Its ids as text, special tokens left out. */
  readonly text: string;
}

export interface CaptionRun {
  /** One list a picture: its captions, best first, `num` of them where the search found so many. */
  readonly captions: readonly (readonly Caption[])[];
  /** Milliseconds that decoding took for the whole batch. */
  readonly ms: number;
}

/** What one of many pictures gave. */
export interface PictureRun {
  /** Its captions, best first. */
  readonly captions: readonly Caption[];
  /** Milliseconds in the vision tower and in the decoder: its share of what was computed for several. */
  readonly ms: { readonly encode: number; readonly decode: number };
}

/** Searches for captions that come and go, side by side in the steps of one model: see `Coca.shareCaptions`. */
export interface SharedCaptions {
  /**
   * As `Coca.caption`, of one picture that is no clip: what is found is the same, but for last digits, which depend on the neighbours.
   * @param hooks `onCertain` is told after each step which ids every caption that may be found begins with
   * @throws CocaError as `Coca.encodeImages` and `Coca.caption`
   */
  caption(picture: Picture, options: CaptionOptions, hooks?: SearchHooks): Promise<PictureRun>;
}

/** log p(caption | image), teacher forced. */
export interface CaptionLikelihood {
  /** Sum of log p(token) after the start token up to and including the end token. */
  readonly sum: number;
  /** How many tokens that sum covers. */
  readonly count: number;
}

/** How captions are weighed. */
export type LikelihoodOptions = CutTexts & {
  readonly signal?: AbortSignal;
  /** Of each text, how many ids from the start token on are given: likelihoods are of what follows. By default the start token alone. */
  readonly given?: readonly number[];
};

/** What was taken out of a model: sites by their names, and what is put in their stead. */
export interface Ablated {
  readonly sites: readonly string[];
  readonly with: 'zero' | 'mean';
}

/** A loaded model: everything that a command does with one. All methods may be called side by side; they take turns. */
export interface Coca {
  /** What results call this model: a bundled name or the folder's name. */
  readonly name: string;
  /** The device it runs on: one of the engine's (ENGINE_DEVICES). */
  readonly device: string;
  /** What the weights of its large matrices are kept in. */
  readonly precision: Precision;
  /**
   * Aborted when the engine's process has ended before its time, with the CocaError `engine` that every call meets from
   * then on: the model is to be loaded anew. Not there where the engine runs in this process.
   */
  readonly ended?: AbortSignal | undefined;
  /** What it goes without; not there in a model as it was loaded. */
  readonly ablated?: Ablated | undefined;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** exp(logit_scale): what cosines are multiplied by before a softmax. */
  readonly logitScale: number;
  /** logit_bias of models that have one, else 0. */
  readonly logitBias: number;
  /**
   * Tells this model's weights from others, in 64 hexadecimal digits.
   * @throws CocaError `not-found` or `unreadable`
   */
  fingerprint(): Promise<string>;
  /**
   * The same of the files of its tokenizer; undefined where it has none.
   * @throws CocaError `unreadable`
   */
  tokenizerFingerprint(): Promise<string | undefined>;
  /**
   * Makes ready what a task will need, so that its first call is as fast as the others.
   * @param onProgress receives the part that is done, from 0 to 1
   */
  prepare(task: Task, onProgress?: (part: number) => void): Promise<void>;
  /**
   * A clip among the pictures (`Clip`) is encoded as one, from all its frames (`encodeClip`). With `attention`, for one picture or
   * clip, the encoding can be given to `attend`.
   */
  encodeImages(
    pictures: readonly Picture[],
    options?: { readonly attention?: boolean } & Omit<Probe, 'onAttention'>,
  ): Promise<ImageEncoding>;
  /**
   * Contrastive embeddings of texts, embed_dim floats of unit length each.
   * @throws CocaError `bad-text` for one that does not fit, unless it may be cut
   */
  encodeTexts(texts: readonly string[], cut?: CutTexts): Promise<readonly Float32Array[]>;
  /**
   * Captions as the options search for them.
   * @throws CocaError `usage` for a prompt that leaves no room, `interrupted`
   */
  caption(images: ImageEncoding, options: CaptionOptions, hooks?: CaptionHooks): Promise<CaptionRun>;
  /**
   * The captions of one picture or clip, from its pixels: what `encodeImages` and `caption` find.
   * @param hooks `onStep` is told nothing where another process searches
   * @throws CocaError as they do
   */
  captionPicture(picture: Picture, options: CaptionOptions, hooks?: CaptionHooks): Promise<PictureRun>;
  /**
   * Captions of many pictures, `batch` of them side by side: one that is done leaves its place to the next. What is found of
   * a picture is what `caption` finds. (Where an engine cannot put another picture in a place, batches follow each other.)
   * @returns what each picture gave, in their order
   * @throws CocaError as `caption`, and whatever `pictures` throws
   */
  captionEach(
    pictures: AsyncIterable<Picture>,
    options: CaptionOptions,
    how: { readonly batch: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<PictureRun>;
  /**
   * Captions of pictures that are not known beforehand, each with options of its own: those that are asked for while others are
   * searched for join them, up to `most` side by side.
   */
  shareCaptions(most: number): SharedCaptions;
  /**
   * The tree of tokens over one picture, for a search that goes its own way. Its calls take turns with everything else
   * that the model does. Release it.
   */
  openTree(image: ImageEncoding): Promise<TreeModel>;
  /**
   * result[i][j] for image i and text j.
   * @throws CocaError `bad-text` for a text that does not fit the context, unless it may be cut
   */
  captionLikelihoods(
    images: ImageEncoding,
    texts: readonly string[],
    options?: LikelihoodOptions,
  ): Promise<readonly (readonly CaptionLikelihood[])[]>;
  /**
   * What a caption attended to, teacher forced: all its words in one pass.
   * @param image one picture, encoded with `attention`
   * @param ids from the start token
   * @param options with `gradient`, also how each word's probability depends on its cross-attention
   */
  attend(
    image: ImageEncoding,
    ids: readonly number[],
    options?: { readonly gradient?: boolean },
  ): Promise<RawAttention>;
  /**
   * A caption read by the decoder under every picture of an encoding, teacher forced: result[b][r] is log p(ids[r + 1] | image b,
   * ids[0..r]). Under one picture that is `repeated`, each reading can be changed in its own way.
   * @param ids from the start token
   * @param options with `copies`, the caption is read that often under each picture, side by side: what is at a place has the rows
   *   of one copy after those of the other, and so has the result. Cheaper than a picture that is `repeated`
   */
  readCaption(
    images: ImageEncoding,
    ids: readonly number[],
    options?: { readonly copies?: number } & Omit<Probe, 'onAttention'>,
  ): Promise<readonly (readonly number[])[]>;
  /**
   * What the captioner would say after rows [B, N, W] of its multimodal half, were they its last: logits [B, N, V],
   * row-major.
   */
  readOut(rows: Block): Promise<Float32Array>;
  /** This model with something changed inside, in all that it is asked; it is closed with this one, not by itself. */
  withChanges(changes: readonly Change[]): Coca;
  /**
   * This model without some sites, as `withChanges`: what each gives becomes zero, or its mean.
   * @param means as `meanActivations` gives them
   */
  without(sites: readonly Site[], means?: Means): Coca;
  /** What the vision tower and the poolers alone attended to: no caption, no decoder. For an encoding as above. */
  attendEmbedding(image: ImageEncoding): RawAttention;
  close(): Promise<void>;
}
