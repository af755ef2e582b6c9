import type {
  Caption,
  CaptionLikelihood,
  CaptionOptions,
  CaptionRun,
  Coca,
  DecodingProgress,
  ImageEncoding,
} from './api.js';
import { collectAttention, type RawAttention } from './attention/raw.js';
import { CocaError, stopIfAborted } from './base/errors.js';
import { Turns } from './base/turns.js';
import { calledBy, readTensor, type SafetensorsFile, weightsFingerprint } from './checkpoint/index.js';
import { type ModelConfig, requireCaptioner } from './config/config.js';
import {
  captionTrie,
  chainOf,
  decode,
  ROOT,
  results,
  type SearchState,
  startSearch,
  type TokenRow,
  type TreeModel,
} from './decoding/index.js';
import { Row } from './decoding/scores.js';
import type { Attention, EncodedImages, ImageTokens, Network, Task } from './engine/network.js';
import { normalise, type PictureOptions } from './image/load-picture.js';
import type { Picture, Pixels } from './image/picture.js';
import { pictureOptions } from './image/preprocess.js';
import type { Precision } from './quantise/precision.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';
import type { CutTexts } from './tokenizer/usable.js';

/** How many rows a teacher-forced call evaluates at most: enough to keep the cores busy, few enough for memory. */
const ROWS_PER_CALL = 128;
/** How many texts one call of the text tower takes. */
const TEXTS_PER_CALL = 32;

class Encoding implements ImageEncoding {
  readonly features: readonly Float32Array[];
  readonly latents: readonly Float32Array[];

  constructor(
    readonly count: number,
    encoded: EncodedImages,
    readonly ms: number,
    /** What the vision tower attended to, where that was asked for. */
    readonly attention: readonly Attention[] | undefined,
  ) {
    this.features = split(encoded.features, count);
    this.latents = split(encoded.latent, count);
    this.tokens = encoded.tokens;
  }

  readonly tokens: ImageTokens;
}

function split(rows: Float32Array, count: number): Float32Array[] {
  const width = rows.length / count;
  return Array.from({ length: count }, (_, i) => rows.slice(i * width, (i + 1) * width));
}

function checkFinite(rows: Float32Array, what: string): void {
  // One NaN or infinity among the weights reaches every embedding.
  if (rows.some((value) => !Number.isFinite(value))) {
    throw new CocaError(
      'bad-checkpoint',
      `the ${what} embedding is not finite`,
      'The weights hold NaN or infinite values: fetch or convert them again.',
    );
  }
}

/** What a model is put together from. */
export interface ModelParts {
  readonly name: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly network: Network;
  /** Where the network's weights came from. */
  readonly checkpoint: SafetensorsFile;
  readonly precision: Precision;
}

/** A network, a tokenizer and the weights' few loose numbers, as one model. */
export class CocaModel implements Coca {
  /** The engine computes one thing at a time; callers queue. */
  readonly #turns = new Turns();

  private constructor(
    private readonly parts: ModelParts,
    readonly logitScale: number,
    readonly logitBias: number,
    private readonly pixels: Pixels | undefined,
  ) {}

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

  private get network(): Network {
    return this.parts.network;
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
    return weightsFingerprint(this.parts.checkpoint.path);
  }

  prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    return this.#turns.take(() => this.network.prepare(task, onProgress));
  }

  encodeImages(pictures: readonly Picture[], options: { readonly attention?: boolean } = {}): Promise<ImageEncoding> {
    const { mean, std } = this.config.preprocess;
    const pixels = normalise(pictures, mean, std);
    const seen: Attention[] | undefined = options.attention ? [] : undefined;
    return this.#turns.take(async () => {
      const start = performance.now();
      const onAttention = seen && ((attention: Attention) => seen.push(attention));
      const encoded = await this.network.encodeImages(pixels, pictures.length, onAttention);
      checkFinite(encoded.features, 'image');
      return new Encoding(pictures.length, encoded, performance.now() - start, seen);
    });
  }

  async encodeTexts(texts: readonly string[], cut: CutTexts = {}): Promise<readonly Float32Array[]> {
    const contexts = texts.map((text) => {
      this.#mustFit(text, cut);
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

  caption(
    images: ImageEncoding,
    options: CaptionOptions,
    hooks: { readonly onStep?: (progress: DecodingProgress) => void; readonly signal?: AbortSignal } = {},
  ): Promise<CaptionRun> {
    requireCaptioner(this.config, 'a caption');
    const tokens = tokensOf(images);
    const special = { ...this.tokenizer.special, pad: this.config.pad_id };
    const prompt = [special.sot, ...(options.prompt ? this.tokenizer.encode(options.prompt) : [])];
    return this.#turns.take(async () => {
      const start = performance.now();
      const trees = await this.network.openTrees(tokens);
      try {
        const states = Array.from({ length: images.count }, () =>
          startSearch(options, special, prompt, trees.vocabSize),
        );
        const ended = await decode(trees, states, hooks);
        return { captions: ended.map((state) => this.#captionsOf(state)), ms: performance.now() - start };
      } finally {
        trees.release();
      }
    });
  }

  #captionsOf(state: SearchState): Caption[] {
    return results(state).map((found) => ({ ...found, text: this.tokenizer.decode(found.ids) }));
  }

  async openTree(image: ImageEncoding): Promise<TreeModel> {
    requireCaptioner(this.config, 'a search');
    if (image.count !== 1) throw new TypeError(`a tree of ${image.count} pictures`);
    const tree = await this.#turns.take(() => this.network.openTrees(tokensOf(image)));
    return {
      vocabSize: tree.vocabSize,
      batch: tree.batch,
      extend: (rows, candidates) => this.#turns.take(() => tree.extend(rows, candidates)),
      retain: (live) => tree.retain?.(live),
      release: () => tree.release(),
    };
  }

  async captionLikelihoods(
    images: ImageEncoding,
    texts: readonly string[],
    { signal, ...cut }: { readonly signal?: AbortSignal } & CutTexts = {},
  ): Promise<readonly (readonly CaptionLikelihood[])[]> {
    requireCaptioner(this.config, 'the likelihood of a caption');
    const tokens = tokensOf(images);
    const { special, contextLength } = this.tokenizer;
    const captions = texts.map((text) => {
      this.#mustFit(text, cut);
      return [special.sot, ...this.tokenizer.encode(text).slice(0, contextLength - 2), special.eot];
    });
    const totals = images.features.map(() => captions.map((ids) => ({ sum: 0, count: ids.length - 1 })));
    for (const group of groupsOf(captions, Math.max(1, Math.floor(ROWS_PER_CALL / images.count)))) {
      stopIfAborted(signal, 'stopped before all captions were weighed');
      await this.#turns.take(async () => {
        const trees = await this.network.openTrees(tokens);
        try {
          await addLogprobs(trees, captions, group, totals);
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
      const trees = await this.network.openTrees(tokens, (attention) => seen.push(attention));
      try {
        const [scores] = await trees.extend([rows]);
        const logprobs = rows.map((_, row) => new Row(scores!, row).logprob(ids[row + 1]!));
        const gradients = gradient ? await this.network.crossGradients(tokens, ids) : undefined;
        return collectAttention(this.config, seen, ids, logprobs, gradients);
      } finally {
        trees.release();
      }
    });
  }

  #mustFit(text: string, { onCut }: CutTexts): void {
    if (this.tokenizer.fits(text)) return;
    if (onCut) {
      onCut(text);
      return;
    }
    const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    throw new CocaError(
      'bad-text',
      `"${shown}" has more tokens than the model's context of ${this.tokenizer.contextLength} holds (two are the start and end)`,
      'Shorten the text.',
    );
  }

  async close(): Promise<void> {
    // A process of its own need not be waited for: it may be computing what is no longer wanted.
    if (this.network.ended) await this.network.release();
    else await this.#turns.take(() => this.network.release());
  }
}

function tokensOf(images: ImageEncoding): ImageTokens {
  if (!(images instanceof Encoding)) throw new TypeError('an image encoding of another model');
  return images.tokens;
}

function attentionOf(image: ImageEncoding): readonly Attention[] {
  if (image instanceof Encoding && image.attention !== undefined && image.count === 1) return image.attention;
  throw new TypeError('this takes the encoding of one picture, made with its attention');
}

/** Consecutive runs of captions of about `rows` tokens, as index ranges. */
function groupsOf(captions: readonly (readonly number[])[], rows: number): readonly [from: number, to: number][] {
  const groups: [number, number][] = [];
  let from = 0;
  let size = 0;
  for (const [i, ids] of captions.entries()) {
    if (i > from && size + ids.length > rows) {
      groups.push([from, i]);
      from = i;
      size = 0;
    }
    size += ids.length;
  }
  if (from < captions.length) groups.push([from, captions.length]);
  return groups;
}

/** Adds log p(token) of the captions [from, to) for every picture, sharing what captions begin with alike. */
async function addLogprobs(
  trees: TreeModel,
  captions: readonly (readonly number[])[],
  [from, to]: readonly [number, number],
  totals: readonly { sum: number }[][],
): Promise<void> {
  const { rows, targets } = captionTrie(captions.slice(from, to));
  const scores = await trees.extend(totals.map((): readonly TokenRow[] => rows));
  for (const [picture, own] of scores.entries()) {
    const said = rows.map((_, row) => new Row(own, row));
    for (const { row, token, caption } of targets) {
      if (row !== ROOT) totals[picture]![from + caption]!.sum += said[row]!.logprob(token);
    }
  }
}
