import type {
  Ablated,
  Caption,
  CaptionHooks,
  CaptionLikelihood,
  CaptionOptions,
  CaptionRun,
  Coca,
  ImageEncoding,
  LikelihoodOptions,
  PictureRun,
  SharedCaptions,
} from './api.js';
import { collectAttention, type RawAttention } from './attention/raw.js';
import { CocaError, stopIfAborted } from './base/errors.js';
import { Turns } from './base/turns.js';
import { captionEach } from './caption-each.js';
import { calledBy, readTensor, type SafetensorsFile, weightsFingerprint } from './checkpoint/index.js';
import { type ModelConfig, requireCaptioner } from './config/config.js';
import {
  type CaptionIds,
  chainOf,
  decode,
  results,
  type SearchState,
  startSearch,
  type TreeModel,
} from './decoding/index.js';
import { addLogprobs, groupsOf, logprobsOf, readingsOf } from './decoding/likelihoods.js';
import { attentionOf, Encoding, split, tokensOf } from './encoding.js';
import { checkFinite } from './engine/finite.js';
import type { Attention, Block, Change, Network, Probe, Task } from './engine/network.js';
import { searchesOn } from './engine/searches.js';
import { treesInTurn } from './engine/trees-in-turn.js';
import type { PictureOptions } from './image/load-picture.js';
import { normalise } from './image/normalise.js';
import type { Picture, Pixels } from './image/picture.js';
import { pictureOptions } from './image/preprocess.js';
import { ChangedNetwork } from './interventions/changed-network.js';
import { ablations, type Means } from './interventions/changes.js';
import { type Site, siteName } from './interventions/sites.js';
import { promptOf } from './prompt.js';
import type { Precision } from './quantise/precision.js';
import type { ChosenBy } from './store/locate.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';
import { type CutTexts, mustFit } from './tokenizer/usable.js';
import { isClip } from './video/clip.js';
import { encodePictures, refuseMixed } from './video/encode-clip.js';

/** How many rows a teacher-forced call evaluates at most: enough to keep the cores busy, few enough for memory. */
const ROWS_PER_CALL = 128;
/** How many texts one call of the text tower takes. */
const TEXTS_PER_CALL = 32;

/** What a model is put together from. */
export interface ModelParts {
  readonly name: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly network: Network;
  /** Where the network's weights came from. */
  readonly checkpoint: SafetensorsFile;
  readonly precision: Precision;
  readonly chosenBy: ChosenBy;
  /** Of the tokenizer's files, where it has any. */
  readonly tokenizerFingerprint?: () => Promise<string | undefined>;
  readonly ablated?: Ablated;
}

/** A network, a tokenizer and the weights' few loose numbers, as one model. */
export class CocaModel implements Coca {
  /** Of the file as it was when it was first asked for. */
  #fingerprint: Promise<string> | undefined;
  readonly #turns: Turns;

  private constructor(
    private readonly parts: ModelParts,
    readonly logitScale: number,
    readonly logitBias: number,
    private readonly pixels: Pixels | undefined,
    /** The engine computes one thing at a time; callers queue. */
    turns = new Turns(),
  ) {
    this.#turns = turns;
  }

  static async create(parts: ModelParts, pixels?: Pixels): Promise<CocaModel> {
    const { config, checkpoint } = parts;
    const scalar = async (tensor: string) => (await readTensor(checkpoint, tensor))[0]!;
    const scale = Math.exp(await scalar('logit_scale'));
    const bias = config.init_logit_bias === null ? 0 : await scalar('logit_bias');
    if (!Number.isFinite(scale) || !Number.isFinite(bias)) {
      throw new CocaError('bad-checkpoint', `${calledBy(checkpoint)}: logit_scale or logit_bias is not finite`);
    }
    return new CocaModel(parts, scale, bias, pixels);
  }

  get name(): string {
    return this.parts.name;
  }

  get config(): ModelConfig {
    return this.parts.config;
  }

  get tokenizer(): Tokenizer {
    return this.parts.tokenizer;
  }

  get precision(): Precision {
    return this.parts.precision;
  }

  get ablated(): Ablated | undefined {
    return this.parts.ablated;
  }

  private get network(): Network {
    return this.parts.network;
  }

  get chosenBy(): ChosenBy {
    return this.parts.chosenBy;
  }

  get device(): string {
    return this.network.device;
  }

  get ended(): AbortSignal | undefined {
    return this.network.ended;
  }

  /** How pictures must be loaded for this model. */
  get preprocess(): PictureOptions {
    return { ...pictureOptions(this.config), ...(this.pixels && { pixels: this.pixels }) };
  }

  fingerprint(): Promise<string> {
    this.#fingerprint ??= weightsFingerprint(this.parts.checkpoint.path);
    return this.#fingerprint;
  }

  async tokenizerFingerprint(): Promise<string | undefined> {
    return this.parts.tokenizerFingerprint?.();
  }

  prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    return this.#turns.take(() => this.network.prepare(task, onProgress));
  }

  encodeImages(
    pictures: readonly Picture[],
    { attention, ...probe }: { readonly attention?: boolean } & Omit<Probe, 'onAttention'> = {},
  ): Promise<ImageEncoding> {
    const seen: Attention[] | undefined = attention ? [] : undefined;
    return this.#turns.take(async () => {
      const start = performance.now();
      const onAttention = seen && ((one: Attention) => seen.push(one));
      const encoded = await encodePictures(this.network, this.config, pictures, { ...probe, onAttention });
      checkFinite(encoded.features, 'image');
      return new Encoding(pictures.length, encoded, performance.now() - start, seen);
    });
  }

  async encodeTexts(texts: readonly string[], cut: CutTexts = {}): Promise<readonly Float32Array[]> {
    const contexts = texts.map((text) => {
      mustFit(text, this.tokenizer, cut);
      return this.tokenizer.context(text);
    });
    const features: Float32Array[] = [];
    for (let start = 0; start < contexts.length; start += TEXTS_PER_CALL) {
      const some = contexts.slice(start, start + TEXTS_PER_CALL);
      const encoded = await this.#turns.take(() => this.network.encodeTexts(some));
      checkFinite(encoded.features, 'text');
      features.push(...split(encoded.features, some.length));
    }
    return features;
  }

  caption(images: ImageEncoding, options: CaptionOptions, hooks: CaptionHooks = {}): Promise<CaptionRun> {
    const tokens = tokensOf(images);
    const begin = this.#searches(options);
    return this.#turns.take(async () => {
      const start = performance.now();
      const trees = await this.network.openTrees(tokens);
      try {
        const states = Array.from({ length: images.count }, () => begin(trees.vocabSize));
        const ended = await decode(trees, states, hooks);
        return { captions: ended.map((state) => this.#captionsOf(state)), ms: performance.now() - start };
      } finally {
        trees.release();
      }
    });
  }

  async captionPicture(picture: Picture, options: CaptionOptions, hooks?: CaptionHooks): Promise<PictureRun> {
    const image = await this.encodeImages([picture]);
    const { captions, ms } = await this.caption(image, options, hooks);
    return { captions: captions[0]!, ms: { encode: image.ms, decode: ms } };
  }

  captionEach(
    pictures: AsyncIterable<Picture>,
    options: CaptionOptions,
    { batch, signal }: { readonly batch: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<PictureRun> {
    const begin = this.#searches(options);
    return captionEach(pictures, batch, signal, {
      encode: async (some) => {
        refuseMixed(some, this.config);
        const encoding = await this.encodeImages(some);
        return { tokens: tokensOf(encoding), ms: encoding.ms };
      },
      open: (tokens) => treesInTurn(this.network, this.#turns, tokens),
      begin,
      captionsOf: (state) => this.#captionsOf(state),
    });
  }

  shareCaptions(most: number): SharedCaptions {
    const searches = this.network.searches?.(most) ?? searchesOn(this.network, this.#turns, most);
    const { mean, std } = this.config.preprocess;
    return {
      caption: async (picture, { prompt, ...options }, hooks) => {
        if (isClip(picture)) throw new TypeError('a shared search in a clip');
        const pixels = normalise([picture], mean, std);
        const { captions, ms } = await searches.run({ pixels, options, ...promptOf(this, prompt) }, hooks);
        return { captions: captions.map((found) => this.#captionOf(found)), ms };
      },
    };
  }

  #searches(options: CaptionOptions): (vocabSize: number) => SearchState {
    const { special, prompt } = promptOf(this, options.prompt);
    return (vocabSize) => startSearch(options, special, prompt, vocabSize);
  }

  #captionsOf(state: SearchState): Caption[] {
    return results(state).map((found) => this.#captionOf(found));
  }

  #captionOf(found: CaptionIds): Caption {
    return { ...found, text: this.tokenizer.decode(found.ids) };
  }

  async openTree(image: ImageEncoding): Promise<TreeModel> {
    requireCaptioner(this.config, 'a search');
    if (image.count !== 1) throw new TypeError(`a tree of ${image.count} pictures`);
    return treesInTurn(this.network, this.#turns, tokensOf(image));
  }

  async captionLikelihoods(
    images: ImageEncoding,
    texts: readonly string[],
    { signal, given = texts.map(() => 1), ...cut }: LikelihoodOptions = {},
  ): Promise<readonly (readonly CaptionLikelihood[])[]> {
    requireCaptioner(this.config, 'the likelihood of a caption');
    const tokens = tokensOf(images);
    const { special, contextLength } = this.tokenizer;
    const captions = texts.map((text) => {
      mustFit(text, this.tokenizer, cut);
      return [special.sot, ...this.tokenizer.encode(text).slice(0, contextLength - 2), special.eot];
    });
    const totals = images.features.map(() => captions.map((ids, i) => ({ sum: 0, count: ids.length - given[i]! })));
    for (const group of groupsOf(captions, Math.max(1, Math.floor(ROWS_PER_CALL / images.count)))) {
      stopIfAborted(signal, 'stopped before all captions were weighed');
      await this.#turns.take(async () => {
        const trees = await this.network.openTrees(tokens);
        try {
          await addLogprobs(trees, captions, group, totals, given);
        } finally {
          trees.release();
        }
      });
    }
    return totals;
  }

  attendEmbedding(image: ImageEncoding): RawAttention {
    return collectAttention(this.config, attentionOf(image), [], []);
  }

  async attend(
    image: ImageEncoding,
    ids: readonly number[],
    { gradient = false }: { readonly gradient?: boolean } = {},
  ): Promise<RawAttention> {
    requireCaptioner(this.config, 'the attention of words');
    const tokens = tokensOf(image);
    const seen = [...attentionOf(image)];
    // The last id predicts nothing.
    const rows = chainOf(ids.slice(0, -1));
    return this.#turns.take(async () => {
      const trees = await this.network.openTrees(tokens, { onAttention: (attention) => seen.push(attention) });
      try {
        const [scores] = await trees.extend([rows]);
        const logprobs = logprobsOf(ids, scores!);
        const gradients = gradient ? await this.network.crossGradients(tokens, ids) : undefined;
        return collectAttention(this.config, seen, ids, logprobs, gradients);
      } finally {
        trees.release();
      }
    });
  }

  readCaption(
    images: ImageEncoding,
    ids: readonly number[],
    { copies = 1, ...probe }: { readonly copies?: number } & Omit<Probe, 'onAttention'> = {},
  ): Promise<readonly (readonly number[])[]> {
    requireCaptioner(this.config, 'the reading of a caption');
    const tokens = tokensOf(images);
    return this.#turns.take(async () => {
      const trees = await this.network.openTrees(tokens, probe);
      try {
        return await readingsOf(trees, ids, copies);
      } finally {
        trees.release();
      }
    });
  }

  readOut(rows: Block): Promise<Float32Array> {
    requireCaptioner(this.config, 'what layers would say');
    return this.#turns.take(() => this.network.readOut(rows));
  }

  withChanges(changes: readonly Change[]): CocaModel {
    return this.#variant({ network: new ChangedNetwork(this.network, changes) });
  }

  without(sites: readonly Site[], means?: Means): CocaModel {
    const network = new ChangedNetwork(this.network, ablations([sites], this.config, means));
    const names = [...(this.ablated?.sites ?? []), ...sites.map(siteName)];
    return this.#variant({ network, ablated: { sites: names, with: means ? 'mean' : 'zero' } });
  }

  #variant(parts: Partial<ModelParts>): CocaModel {
    return new CocaModel({ ...this.parts, ...parts }, this.logitScale, this.logitBias, this.pixels, this.#turns);
  }

  async close(): Promise<void> {
    // A process of its own need not be waited for: it may be computing what is no longer wanted.
    if (this.network.ended) await this.network.release();
    else await this.#turns.take(() => this.network.release());
  }
}
