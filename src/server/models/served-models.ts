import { totalmem } from 'node:os';
import { CocaError } from '../../model/base/errors.js';
import { didYouMeanName } from '../../model/base/names/suggest.js';
import { batchThatFits } from '../../model/batch-size.js';
import { contextLength } from '../../model/config/config.js';
import { decodingOptions } from '../../model/decoding/index.js';
import { tokensOf } from '../../model/encoding.js';
import type { LoadedCoca, LoadOptions } from '../../model/store/load.js';
import { Refusal } from '../refusal.js';
import { configHash, identityOf } from '../remote/identity.js';
import type { ServedModel } from '../remote/protocol.js';
import type { ClientPictures } from './decoder.js';
import { JoinedCoca, type Joint, jointOf } from './joined-coca.js';

/** What a server is to serve. */
export interface ModelsOptions {
  /** As they were named; undefined is the default one. */
  readonly models: readonly (string | undefined)[];
  /** How each is loaded. */
  readonly how: LoadOptions;
  readonly load: (options: LoadOptions) => Promise<LoadedCoca>;
  readonly pictures: ClientPictures;
  /** How many pictures go through a model side by side; 0: as many as `--batch auto` takes. */
  readonly batch: number;
  /** Told of a model whose engine has ended. */
  readonly onEnded: (name: string, error: unknown) => void;
}

/** Models that stay loaded; one whose engine ends is loaded again. */
export class ServedModels {
  readonly #models = new Map<string, Served>();

  private constructor() {}

  /**
   * Loads them all.
   * @throws CocaError as `loadCoca`; `usage` for two of one name
   */
  static async load(options: ModelsOptions): Promise<ServedModels> {
    const served = new ServedModels();
    try {
      for (const named of options.models) {
        const one = new Served(named, options);
        const { name } = (await one.joint()).coca;
        if (served.#models.has(name)) {
          await one.close();
          throw new CocaError('usage', `two of the models are called ${name}`, 'serve each by a server of its own');
        }
        served.#models.set(name, one);
      }
    } catch (error) {
      await served.close();
      throw error;
    }
    return served;
  }

  get names(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** What tells each from other models, for programs that would load the same. */
  async described(): Promise<readonly ServedModel[]> {
    return Promise.all([...this.#models.values()].map((one) => one.described()));
  }

  /** Whether each can be asked at once. */
  get areReady(): boolean {
    return [...this.#models.values()].every((one) => one.isReady);
  }

  /**
   * The one of a name; the first of all without one.
   * @throws Refusal 404 for a name that none has
   */
  get(name: string | undefined): Served {
    const found = name === undefined ? this.#models.values().next().value : this.#models.get(name);
    if (found !== undefined) return found;
    const hint = didYouMeanName(name!, this.names) ?? `it serves ${this.names.join(', ')}`;
    throw new Refusal(404, 'not-found', `this server has no model ${name}`, { param: 'model', hint });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#models.values()].map((one) => one.close()));
  }
}

/** One of them. */
export class Served {
  #joint: Promise<Joint> | undefined;
  #isReady = false;
  #isClosed = false;
  #files: Pick<ServedModel, 'weights' | 'tokenizer'> | undefined;
  #remarks: { readonly text: string; readonly isDetail: boolean }[] = [];

  constructor(
    /** As it was named on the command line. */
    readonly named: string | undefined,
    private readonly options: ModelsOptions,
  ) {}

  get isReady(): boolean {
    return this.#isReady;
  }

  /** As a request sees it. */
  async borrow(onCertain?: (ids: readonly number[]) => void): Promise<JoinedCoca> {
    return new JoinedCoca(await this.joint(), onCertain);
  }

  /**
   * The model, loaded again where its engine has ended.
   * @throws CocaError as `loadCoca`
   */
  joint(): Promise<Joint> {
    this.#joint ??= this.#load().catch((error: unknown) => {
      this.#joint = undefined;
      throw error;
    });
    return this.#joint;
  }

  async described(): Promise<ServedModel> {
    const { coca } = await this.joint();
    const { engine = 'onnx', device = 'auto', pixels = 'upright' } = this.options.how;
    return {
      name: coca.name,
      ...this.#files!,
      fingerprint: await coca.fingerprint(),
      configHash: configHash(coca.config),
      precision: coca.precision,
      engine,
      askedDevice: device,
      device: coca.device,
      pixels,
      logitScale: coca.logitScale,
      logitBias: coca.logitBias,
      remarks: this.#remarks,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const joint = await this.#joint?.catch(() => undefined);
    await joint?.coca.close();
  }

  async #load(): Promise<Joint> {
    const { how, load, pictures, onEnded } = this.options;
    const asked = { ...how, ...(this.named !== undefined && { model: this.named }) };
    this.#remarks = [];
    // Before it is loaded: should its files change in between, this tells it from what they are then.
    const { weights, tokenizer, files } = await identityOf(asked);
    this.#files = { weights, ...(tokenizer !== undefined && { tokenizer }) };
    const coca = await load({
      ...asked,
      isolated: true,
      onNotice: (text) => this.#remark(text, false),
      onDetail: (text) => this.#remark(text, true),
    });
    coca.ended?.addEventListener('abort', () => {
      const wasReady = this.#isReady;
      this.#isReady = false;
      this.#joint = undefined;
      onEnded(coca.name, coca.ended?.reason);
      // At once, so that the next request need not wait for it; not where that just failed, which would go on without an end.
      if (wasReady && !this.#isClosed) this.joint().catch(() => undefined);
    });
    const isCaptioner = coca.config.multimodal !== null;
    await coca.prepare('images');
    await coca.prepare('texts');
    if (isCaptioner) await coca.prepare('captions');
    const tokenLength = await tokenLengthOf(coca);
    this.#isReady = true;
    const decode = (bytes: Uint8Array) => pictures.decode(bytes, coca.preprocess);
    return jointOf(coca, { decode, tokenLength, files }, this.#most(coca));
  }

  #remark(text: string, isDetail: boolean): void {
    const { onNotice, onDetail } = this.options.how;
    this.#remarks.push({ text, isDetail });
    (isDetail ? onDetail : onNotice)?.(text);
  }

  #most(coca: LoadedCoca): { batch: number; searches: number } {
    const { batch } = this.options;
    if (batch > 0) return { batch, searches: batch };
    const memory = totalmem();
    const search = decodingOptions({}, { contextLength: contextLength(coca.config) });
    return { batch: batchThatFits(coca.config, memory), searches: batchThatFits(coca.config, memory, search) };
  }
}

/** What a picture of nothing has of image tokens; the first call of a graph, which is slower than others, is behind it then. */
async function tokenLengthOf(coca: LoadedCoca): Promise<number> {
  const { size } = coca.preprocess;
  const square = { x: 0, y: 0, width: size, height: size };
  const nothing = { source: { width: size, height: size }, crop: square, size, rgb: new Uint8Array(size * size * 3) };
  return tokensOf(await coca.encodeImages([nothing])).data.length;
}
