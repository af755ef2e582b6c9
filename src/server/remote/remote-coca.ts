import type {
  CaptionLikelihood,
  CaptionOptions,
  CaptionRun,
  ImageEncoding,
  LikelihoodOptions,
  PictureRun,
  SharedCaptions,
} from '../../model/api.js';
import type { RawAttention } from '../../model/attention/raw.js';
import { joined } from '../../model/base/numbers/joined.js';
import type { ModelConfig } from '../../model/config/config.js';
import type { TreeModel } from '../../model/decoding/index.js';
import { Encoding, tokensOf } from '../../model/encoding.js';
import type { Probe } from '../../model/engine/network.js';
import type { PictureOptions } from '../../model/image/load-picture.js';
import type { Picture, Pixels } from '../../model/image/picture.js';
import { pictureOptions } from '../../model/image/preprocess.js';
import type { Precision } from '../../model/quantise/precision.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { ChosenBy } from '../../model/store/locate.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { type CutTexts, mustFit } from '../../model/tokenizer/usable.js';
import type { Connection } from './connection.js';
import type { ModelIdentity } from './identity.js';
import { CALLS_PATH, type PlainEncoding, type ServedModel, type ServerCall, type ServerCalls } from './protocol.js';
import { PACKED, pack, unpack } from './wire.js';

/**
 * A model that a server has loaded. It is asked for what a picture needs to be captioned, ranked, classified and embedded, by itself:
 * nothing joins these calls, so that numbers are those of the model loaded here, to the last bit. Config and tokenizer are
 * read here.
 */
export class RemoteCoca implements LoadedCoca {
  /** @param ownTokenizer undefined where nothing is asked for but the texts of captions */
  constructor(
    private readonly connection: Connection,
    private readonly own: ModelIdentity,
    private readonly served: ServedModel,
    private readonly ownTokenizer: Tokenizer | undefined,
  ) {}

  get name(): string {
    return this.own.name;
  }

  get device(): string {
    return this.served.device;
  }

  get precision(): Precision {
    return this.own.precision;
  }

  get config(): ModelConfig {
    return this.own.config;
  }

  get tokenizer(): Tokenizer {
    return this.ownTokenizer ?? NO_TOKENIZER;
  }

  get logitScale(): number {
    return this.served.logitScale;
  }

  get logitBias(): number {
    return this.served.logitBias;
  }

  get chosenBy(): ChosenBy {
    return this.own.chosenBy;
  }

  get preprocess(): PictureOptions {
    const pixels = this.served.pixels as Pixels;
    return { ...pictureOptions(this.config), ...(pixels !== 'upright' && { pixels }) };
  }

  async fingerprint(): Promise<string> {
    return this.served.fingerprint;
  }

  async tokenizerFingerprint(): Promise<string | undefined> {
    return this.served.tokenizer;
  }

  /** It is warm. */
  async prepare(): Promise<void> {}

  async decode(bytes: Uint8Array): Promise<Picture> {
    const path = `${CALLS_PATH}/decode?model=${encodeURIComponent(this.served.name)}`;
    return unpack(await this.connection.ask(path, { type: PACKED, bytes })) as Picture;
  }

  async encodeImages(
    pictures: readonly Picture[],
    options: { readonly attention?: boolean } & Omit<Probe, 'onAttention'> = {},
  ): Promise<ImageEncoding> {
    if (options.attention || options.changes || options.onActivation) refuse('what it looks at');
    const { count, features, latents, tokens, ms } = await this.#call('encodeImages', { pictures });
    return new Encoding(count, { features: joined(features), latent: joined(latents), tokens }, ms, undefined);
  }

  async encodeTexts(texts: readonly string[], cut: CutTexts = {}): Promise<readonly Float32Array[]> {
    for (const text of texts) mustFit(text, this.tokenizer, cut);
    return this.#call('encodeTexts', { texts });
  }

  captionPicture(
    picture: Picture,
    options: CaptionOptions,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<PictureRun> {
    return this.#call('captionPicture', { picture, options }, signal);
  }

  caption(): Promise<CaptionRun> {
    return refuse('a search in what it has encoded');
  }

  async captionLikelihoods(
    images: ImageEncoding,
    texts: readonly string[],
    { signal, given, ...cut }: LikelihoodOptions = {},
  ): Promise<readonly (readonly CaptionLikelihood[])[]> {
    for (const text of texts) mustFit(text, this.tokenizer, cut);
    return this.#call('captionLikelihoods', { images: plain(images), texts, given }, signal);
  }

  captionEach(): AsyncGenerator<PictureRun> {
    return refuse('captions side by side');
  }

  shareCaptions(): SharedCaptions {
    return refuse('captions side by side');
  }

  openTree(): Promise<TreeModel> {
    return refuse('a search of its own');
  }

  attend(): Promise<RawAttention> {
    return refuse('what it looks at');
  }

  attendEmbedding(): RawAttention {
    return refuse('what it looks at');
  }

  readCaption(): Promise<readonly (readonly number[])[]> {
    return refuse('a reading of captions');
  }

  readOut(): Promise<Float32Array> {
    return refuse('what its layers would say');
  }

  withChanges(): LoadedCoca {
    return refuse('changes');
  }

  without(): LoadedCoca {
    return refuse('changes');
  }

  async close(): Promise<void> {
    this.connection.close();
  }

  async #call<N extends ServerCall>(
    name: N,
    asked: Omit<Parameters<ServerCalls[N]>[0], 'model'>,
    signal?: AbortSignal,
  ): Promise<Awaited<ReturnType<ServerCalls[N]>>> {
    const bytes = pack({ ...asked, model: this.served.name });
    const answer = await this.connection.ask(`${CALLS_PATH}/${name}`, { type: PACKED, bytes }, signal);
    return unpack(answer) as Awaited<ReturnType<ServerCalls[N]>>;
  }
}

/** What results may hold and nothing may ask. */
const NO_TOKENIZER = new Proxy({} as Tokenizer, { get: () => refuse('its tokenizer') });

/** A command that needs more says that no server may answer for its model. */
function refuse(what: string): never {
  throw new TypeError(`a served model is not asked for ${what}`);
}

export function plain(images: ImageEncoding): PlainEncoding {
  const { count, features, latents, ms } = images;
  return { count, features, latents, tokens: tokensOf(images), ms };
}
