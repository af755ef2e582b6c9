import type {
  Ablated,
  CaptionHooks,
  CaptionLikelihood,
  CaptionOptions,
  CaptionRun,
  DecodingProgress,
  ImageEncoding,
  LikelihoodOptions,
  PictureRun,
  SharedCaptions,
} from '../../model/api.js';
import type { RawAttention } from '../../model/attention/raw.js';
import type { ModelConfig } from '../../model/config/config.js';
import { certainIds, type TreeModel } from '../../model/decoding/index.js';
import { separated } from '../../model/encoding.js';
import type { Block, Change, Probe, Task } from '../../model/engine/network.js';
import type { PictureOptions } from '../../model/image/load-picture.js';
import type { Picture } from '../../model/image/picture.js';
import type { Means } from '../../model/interventions/changes.js';
import type { Site } from '../../model/interventions/sites.js';
import type { Precision } from '../../model/quantise/precision.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { ChosenBy } from '../../model/store/locate.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { CutTexts } from '../../model/tokenizer/usable.js';
import { Joining } from '../joining.js';
import type { ModelFiles } from '../remote/protocol.js';

/** What all requests to a model share. */
export interface Joint {
  readonly coca: LoadedCoca;
  readonly images: Joining<Picture, ImageEncoding>;
  readonly captions: SharedCaptions;
  /** Captions that nothing joins, one picture after the other: to the last bit what the model finds of a picture by itself. */
  readonly lone: SharedCaptions;
  readonly decode: (bytes: Uint8Array) => Promise<Picture>;
  /** What clients need that do not have the model. */
  readonly files: ModelFiles;
  /** How many numbers a picture's image tokens have. */
  readonly tokenLength: number;
  /** What each request asks for and need not wait its turn for, once it is there. */
  readonly prepared: Set<Task>;
}

/**
 * @param batch how many pictures go through the vision tower together
 * @param searches how many searches stand beside each other
 */
export function jointOf(
  coca: LoadedCoca,
  { decode, tokenLength, files }: Pick<Joint, 'decode' | 'tokenLength' | 'files'>,
  most: { readonly batch: number; readonly searches: number },
): Joint {
  const encode = async (pictures: readonly Picture[]) => separated(await coca.encodeImages(pictures));
  return {
    coca,
    images: new Joining(encode, most.batch),
    captions: coca.shareCaptions(most.searches),
    lone: coca.shareCaptions(1),
    decode,
    tokenLength,
    files,
    prepared: new Set(),
  };
}

/**
 * A warm model as one request sees it. Its pictures go through the vision tower with those of other requests, and searches
 * for captions of a picture stand beside theirs; all else takes turns with them.
 */
export class JoinedCoca implements LoadedCoca {
  /** @param onCertain told after each step of a search for captions which ids are certain */
  constructor(
    private readonly joint: Joint,
    private readonly onCertain?: (ids: readonly number[]) => void,
  ) {}

  private get coca(): LoadedCoca {
    return this.joint.coca;
  }

  get name(): string {
    return this.coca.name;
  }

  get device(): string {
    return this.coca.device;
  }

  get precision(): Precision {
    return this.coca.precision;
  }

  get ended(): AbortSignal | undefined {
    return this.coca.ended;
  }

  get ablated(): Ablated | undefined {
    return this.coca.ablated;
  }

  get config(): ModelConfig {
    return this.coca.config;
  }

  get tokenizer(): Tokenizer {
    return this.coca.tokenizer;
  }

  get logitScale(): number {
    return this.coca.logitScale;
  }

  get logitBias(): number {
    return this.coca.logitBias;
  }

  get preprocess(): PictureOptions {
    return this.coca.preprocess;
  }

  get chosenBy(): ChosenBy {
    return this.coca.chosenBy;
  }

  fingerprint(): Promise<string> {
    return this.coca.fingerprint();
  }

  tokenizerFingerprint(): Promise<string | undefined> {
    return this.coca.tokenizerFingerprint();
  }

  async prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    if (!this.joint.prepared.has(task)) await this.coca.prepare(task, onProgress);
    this.joint.prepared.add(task);
  }

  decode(bytes: Uint8Array): Promise<Picture> {
    return this.joint.decode(bytes);
  }

  encodeImages(
    pictures: readonly Picture[],
    options: { readonly attention?: boolean } & Omit<Probe, 'onAttention'> = {},
  ): Promise<ImageEncoding> {
    const isPlain = !options.attention && options.changes === undefined && options.onActivation === undefined;
    if (isPlain && pictures.length === 1) return this.joint.images.run(pictures[0]!);
    return this.coca.encodeImages(pictures, options);
  }

  encodeTexts(texts: readonly string[], cut?: CutTexts): Promise<readonly Float32Array[]> {
    return this.coca.encodeTexts(texts, cut);
  }

  caption(images: ImageEncoding, options: CaptionOptions, { onStep, signal }: CaptionHooks = {}): Promise<CaptionRun> {
    const tell = (progress: DecodingProgress): void => {
      onStep?.(progress);
      this.onCertain?.(certainIds(progress.states[0]!));
    };
    return this.coca.caption(images, options, { onStep: tell, ...(signal && { signal }) });
  }

  captionPicture(picture: Picture, options: CaptionOptions, { signal }: CaptionHooks = {}): Promise<PictureRun> {
    return this.joint.captions.caption(picture, options, { onCertain: this.onCertain, signal });
  }

  captionEach(
    pictures: AsyncIterable<Picture>,
    options: CaptionOptions,
    how: { readonly batch: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<PictureRun> {
    return this.coca.captionEach(pictures, options, how);
  }

  shareCaptions(): SharedCaptions {
    return this.joint.captions;
  }

  openTree(image: ImageEncoding): Promise<TreeModel> {
    return this.coca.openTree(image);
  }

  captionLikelihoods(
    images: ImageEncoding,
    texts: readonly string[],
    options?: LikelihoodOptions,
  ): Promise<readonly (readonly CaptionLikelihood[])[]> {
    return this.coca.captionLikelihoods(images, texts, options);
  }

  attend(
    image: ImageEncoding,
    ids: readonly number[],
    options?: { readonly gradient?: boolean },
  ): Promise<RawAttention> {
    return this.coca.attend(image, ids, options);
  }

  readCaption(
    images: ImageEncoding,
    ids: readonly number[],
    options?: { readonly copies?: number } & Omit<Probe, 'onAttention'>,
  ): Promise<readonly (readonly number[])[]> {
    return this.coca.readCaption(images, ids, options);
  }

  readOut(rows: Block): Promise<Float32Array> {
    return this.coca.readOut(rows);
  }

  withChanges(changes: readonly Change[]): LoadedCoca {
    return this.#alone(this.coca.withChanges(changes));
  }

  without(sites: readonly Site[], means?: Means): LoadedCoca {
    return this.#alone(this.coca.without(sites, means));
  }

  /** A changed model is this request's own: nothing joins it. */
  #alone(coca: LoadedCoca): JoinedCoca {
    return new JoinedCoca(jointOf(coca, this.joint, { batch: 1, searches: 1 }), this.onCertain);
  }

  attendEmbedding(image: ImageEncoding): RawAttention {
    return this.coca.attendEmbedding(image);
  }

  /** It stays for other requests. */
  async close(): Promise<void> {}
}
