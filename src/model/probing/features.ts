import { totalmem } from 'node:os';
import { featuresFolder } from '../base/cache.js';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { grouped, mapAhead } from '../base/pipeline.js';
import { computedValues } from '../computed.js';
import { imageTokenCount, type ModelConfig, requireCaptioner } from '../config/config.js';
import { type ClassNames, classIndexOf } from '../data/classes.js';
import type { Dataset } from '../data/dataset.js';
import { pictureOf } from '../data/prepare.js';
import { nameOf, readSample } from '../data/read.js';
import type { Locator, Sample } from '../data/sample.js';
import { inSequence } from '../data/sequence.js';
import { split, tokensOf } from '../encoding.js';
import type { Picture } from '../image/picture.js';
import { sha256Of } from '../image/sha256.js';
import type { LoadedCoca } from '../store/load.js';

/** What heads are trained on: the embedding before its normalisation [E], or the image tokens [S x W] that the decoder attends. */
export type FeatureKind = 'embedding' | 'tokens';

/**
 * The width of an image token.
 * @throws CocaError `usage` for a dual encoder, whose tokens nothing attends
 */
export function tokenWidth(config: ModelConfig): number {
  requireCaptioner(config, 'a head on image tokens');
  return config.multimodal.width;
}

/** The mean of a picture's image tokens: [S x W] -> [W]. */
export function meanToken(tokens: Float32Array, width: number): Float32Array {
  const mean = new Float32Array(width);
  const count = tokens.length / width;
  for (let i = 0; i < tokens.length; i++) mean[i % width]! += tokens[i]! / count;
  return mean;
}

/** Pictures with their frozen features, of one data set. */
export interface Features {
  /** One a picture. */
  readonly vectors: readonly Float32Array[];
  readonly labels: readonly number[];
  /** How many could not be read, or have no label: told one by one. */
  readonly failed: number;
}

export interface FeatureOptions {
  readonly kind: FeatureKind;
  readonly classes: ClassNames;
  /** What is made of each vector before it is held. */
  readonly reduce?: (vector: Float32Array) => Float32Array;
  readonly signal?: AbortSignal;
  readonly onProblem: (name: string, error: CocaError) => void;
  readonly onProgress?: (done: number) => void;
}

/** Pictures that are kept in one file of the cache, and go through the model together. */
const TOGETHER = 32;
/** Samples that are read ahead. */
const AHEAD = 2 * TOGETHER;

/**
 * The features of every picture of a data set, in its order. They are kept in the cache by the weights, their precision, the transform of
 * pictures and the bytes of the files, so that they are computed once; a run that was stopped goes on where it was.
 * @throws CocaError `bad-data` where no picture could be read, or where features do not fit into memory; `interrupted`
 */
export async function frozenFeatures(coca: LoadedCoca, dataset: Dataset, options: FeatureOptions): Promise<Features> {
  const { reduce = (vector) => vector, signal, onProblem, onProgress } = options;
  if (options.kind === 'tokens') tokenWidth(coca.config);
  const cache = new FeatureCache(coca, options.kind);
  const vectors: Float32Array[] = [];
  const labels: number[] = [];
  let [seen, failed] = [0, 0];
  const fail = (name: string, error: CocaError) => {
    failed++;
    onProblem(name, error);
  };
  const locators = inSequence(dataset, (error) => fail(dataset.name, error));
  const read = (locator: Locator) => readLabelled(locator, options.classes);
  for await (const group of grouped(mapAhead(locators, read, AHEAD), TOGETHER)) {
    stopIfAborted(signal, 'stopped before all pictures were encoded; what was is kept');
    for (const item of group) if ('error' in item) fail(item.name, item.error);
    const readable = group.filter((item): item is Labelled => 'sample' in item);
    const found = await cache.of(readable.map(({ sample }) => sample));
    for (const [i, one] of found.entries()) {
      if (one instanceof CocaError) fail(readable[i]!.sample.name, one);
      else {
        vectors.push(reduce(one));
        labels.push(readable[i]!.label);
      }
    }
    checkRoom(vectors);
    seen += group.length;
    onProgress?.(seen);
  }
  if (vectors.length === 0) throw new CocaError('bad-data', `${dataset.name} has no picture that can be read`);
  return { vectors, labels, failed };
}

function checkRoom(vectors: readonly Float32Array[]): void {
  const bytes = vectors.length * (vectors[0]?.byteLength ?? 0);
  if (bytes <= totalmem() / 2) return;
  throw new CocaError(
    'bad-data',
    `the features of ${vectors.length} pictures take more than half of the memory`,
    '--head linear needs far less; or --limit',
  );
}

interface Labelled {
  readonly sample: Sample;
  readonly label: number;
}

async function readLabelled(
  locator: Locator,
  classes: ClassNames,
): Promise<Labelled | { readonly name: string; readonly error: CocaError }> {
  try {
    const sample = await readSample(locator);
    return { sample, label: classIndexOf(classes, sample.label) };
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    return { name: nameOf(locator), error };
  }
}

/** Features of some pictures, from the cache or computed. */
class FeatureCache {
  constructor(
    private readonly coca: LoadedCoca,
    private readonly kind: FeatureKind,
  ) {}

  /** @returns for each its vector, or why it has none */
  async of(samples: readonly Sample[]): Promise<readonly (Float32Array | CocaError)[]> {
    if (samples.length === 0) return [];
    const { coca, kind } = this;
    const pictures = samples.map(({ image }) => sha256Of(image instanceof Uint8Array ? image : image.rgb));
    const isSound = (values: Float32Array) => this.#unpacked(values, samples.length) !== undefined;
    let found: readonly (Float32Array | CocaError)[] | undefined;
    const of = [kind, coca.preprocess, pictures];
    const packed = await computedValues(
      coca,
      { folder: featuresFolder(), what: 'frozen features', of, isSound },
      async () => {
        found = await this.#compute(samples);
        return this.#packed(found);
      },
    );
    if (found) return found;
    // What could not be decoded says why once more.
    const kept = this.#unpacked(packed, samples.length)!;
    const known = await Promise.all(kept.map(async (vector, i) => vector ?? (await this.#decode(samples[i]!))));
    const isKnown = (one: (typeof known)[number]) => one instanceof Float32Array || one instanceof CocaError;
    return known.every(isKnown) ? known : this.#compute(samples);
  }

  async #decode(sample: Sample): Promise<Picture | CocaError> {
    try {
      return await pictureOf(sample, this.coca.preprocess);
    } catch (error) {
      if (error instanceof CocaError) return error;
      throw error;
    }
  }

  async #compute(samples: readonly Sample[]): Promise<readonly (Float32Array | CocaError)[]> {
    const decoded = await Promise.all(samples.map((sample) => this.#decode(sample)));
    const pictures = decoded.filter((one): one is Picture => !(one instanceof CocaError));
    if (pictures.length === 0) return decoded as CocaError[];
    const encoding = await this.coca.encodeImages(pictures);
    const vectors = this.kind === 'embedding' ? encoding.latents : split(tokensOf(encoding).data, pictures.length);
    let next = 0;
    return decoded.map((one) => (one instanceof CocaError ? one : vectors[next++]!));
  }

  /** Numbers of a vector. */
  get #width(): number {
    const { config } = this.coca;
    return this.kind === 'embedding' ? config.embed_dim : imageTokenCount(config) * tokenWidth(config);
  }

  /** For each picture a 1 if it could be read, else a 0; then the vectors of those that could. */
  #packed(found: readonly (Float32Array | CocaError)[]): Float32Array {
    const vectors = found.filter((one): one is Float32Array => !(one instanceof CocaError));
    const packed = new Float32Array(found.length + vectors.length * this.#width);
    for (const [i, one] of found.entries()) packed[i] = one instanceof CocaError ? 0 : 1;
    for (const [i, vector] of vectors.entries()) packed.set(vector, found.length + i * this.#width);
    return packed;
  }

  /** @returns nothing where that is not what `#packed` makes of so many pictures */
  #unpacked(packed: Float32Array, count: number): (Float32Array | undefined)[] | undefined {
    const isThere = [...packed.subarray(0, count)];
    const vectors = isThere.filter((one) => one === 1).length;
    if (isThere.some((one) => one !== 0 && one !== 1)) return undefined;
    if (packed.length !== count + vectors * this.#width) return undefined;
    const all = vectors === 0 ? [] : split(packed.subarray(count), vectors);
    let next = 0;
    return isThere.map((one) => (one === 1 ? all[next++] : undefined));
  }
}
