import type { Coca, ImageEncoding } from '../api.js';
import { patchesAround } from '../attention/faithfulness.js';
import { stopIfAborted } from '../base/errors.js';
import { type CocaConfig, gridSize, imageTokenCount } from '../config/config.js';
import { repeated, withTokensOf } from '../encoding.js';
import type { Activation } from '../engine/network.js';
import type { Picture } from '../image/picture.js';
import { putBack } from '../interventions/changes.js';
import { sumOfWord, type Word, wordsOf } from '../tokenizer/words.js';
import { TRACE_WINDOW } from './window.js';

/**
 * Causal tracing between two pictures: a caption of A is read under B with A's activation put back at one place at a time
 * (Meng et al. 2022, "Locating and Editing Factual Associations in GPT", between two inputs as in Palit et al. 2023,
 * "Towards Vision-Language Mechanistic Interpretability").
 */
export interface Trace extends BothReadings {
  /** In the order in which a picture and its caption go through them. */
  readonly layers: readonly TracedLayer[];
}

/** The caption under both pictures, with nothing put back. */
export interface BothReadings {
  /** The caption, from the start token. */
  readonly ids: readonly number[];
  /** With their log-probabilities under A. */
  readonly words: readonly Word[];
  /** log p(ids[r + 1] | picture, ids[0..r]) of each of N rows, under A and under B. */
  readonly clean: readonly number[];
  readonly corrupt: readonly number[];
  /** Patches along one side of the square that the model sees. */
  readonly grid: number;
}

/** What is put back at one layer: some patches, an image token, or a row of the caption. */
export type TracedPlaces = 'patches' | 'image tokens' | 'rows';

/** A layer at which something can be put back. */
export interface TracedSite {
  /** As a person types it: `vision.3`, `image`, `cross.1`. */
  readonly site: string;
  readonly places: TracedPlaces;
}

/** One layer, with A's activation put back at each of its positions in turn. */
export interface TracedLayer extends TracedSite {
  /** Of each position P the log-probabilities of all rows: [P][N]. */
  readonly logprobs: readonly (readonly number[])[];
}

/** A trace that is being made: both readings are there, the layers come one after the other. */
export interface BegunTrace {
  readonly readings: BothReadings;
  /** All layers, in the order in which a picture and its caption go through them. */
  readonly sites: readonly TracedSite[];
  /**
   * The layers with their places in `sites`: those of the decoder first, which cost least.
   * @throws CocaError `interrupted`
   */
  layers(options?: LayerOptions): AsyncGenerator<readonly [index: number, layer: TracedLayer]>;
}

/** Pictures, or readings of the caption, that go through the model at once. */
const BATCH = 16;

export interface LayerOptions {
  readonly signal?: AbortSignal | undefined;
  /** Receives the part that is done, from 0 to 1. */
  readonly onProgress?: ((part: number) => void) | undefined;
}

export interface TraceOptions extends LayerOptions {
  /** Side of the patches that are put back together, 1 to the grid's. */
  readonly window?: number | undefined;
}

/** What a model is asked. */
export type Tracing = Pick<Coca, 'encodeImages' | 'readCaption' | 'tokenizer'> & { readonly config: CocaConfig };

/** A layer, and what reads the caption with something put back at each of some of its positions. */
interface Traceable extends TracedSite {
  readonly positions: number;
  readonly read: (some: readonly number[]) => Promise<readonly (readonly number[])[]>;
}

/**
 * The residual stream after every vision layer (around each patch in turn), the image tokens (one at a time), and the residual stream
 * after every cross-attention block of the decoder (a row at a time).
 * @param ids a caption of A, from the start token
 * @throws CocaError `interrupted`
 */
export async function trace(
  coca: Tracing,
  pictures: readonly [Picture, Picture],
  ids: readonly number[],
  { window, ...options }: TraceOptions = {},
): Promise<Trace> {
  const begun = await beginTrace(coca, pictures, ids, window);
  const layers: TracedLayer[] = Array(begun.sites.length);
  for await (const [index, layer] of begun.layers(options)) layers[index] = layer;
  return { ...begun.readings, layers };
}

/**
 * Reads the caption under both pictures, which is what a trace begins with.
 * @param ids a caption of A, from the start token
 * @param window side of the patches that are put back together, 1 to the grid's
 */
export async function beginTrace(
  coca: Tracing,
  [a, b]: readonly [Picture, Picture],
  ids: readonly number[],
  window: number = TRACE_WINDOW,
): Promise<BegunTrace> {
  const { config } = coca;
  const grid = gridSize(config);
  const seen = new Map<string, Activation>();
  const onActivation = (activation: Activation): void => {
    if (activation.part === 'residual') seen.set(`${activation.name}.${activation.layer}`, activation);
  };
  const imageA = await coca.encodeImages([a], { onActivation });
  const [clean] = await coca.readCaption(imageA, ids, { onActivation });
  const imageB = await coca.encodeImages([b]);
  const [corrupt] = await coca.readCaption(imageB, ids);
  const tokens = imageTokenCount(config);
  const traceable: readonly Traceable[] = [
    ...namesOf('vision', config.vision.layers).map((site): Traceable => {
      const read = async (some: readonly number[]) => {
        // The class token comes first.
        const back = some.map((patch) => patchesAround(patch, grid, window).map((one) => one + 1));
        const changes = [putBack(seen.get(site)!, back)];
        return coca.readCaption(await coca.encodeImages(Array(some.length).fill(b), { changes }), ids);
      };
      return { site, places: 'patches', positions: grid * grid, read };
    }),
    {
      site: 'image',
      places: 'image tokens',
      positions: tokens,
      read(some) {
        const back = some.map((token) => [token]);
        return coca.readCaption(withTokensOf(imageA, imageB, back, tokens), ids);
      },
    },
    ...namesOf('cross', config.multimodal.layers).map((site): Traceable => {
      const read = (some: readonly number[]) => {
        const back = some.map((row) => [row]);
        const images: ImageEncoding = repeated(imageB, some.length);
        return coca.readCaption(images, ids, { changes: [putBack(seen.get(site)!, back)] });
      };
      return { site, places: 'rows', positions: ids.length - 1, read };
    }),
  ];
  return {
    readings: { ids, words: wordsOf(ids, clean!, coca.tokenizer), clean: clean!, corrupt: corrupt!, grid },
    sites: traceable.map(({ site, places }) => ({ site, places })),
    layers: (options = {}) => layersOf(traceable, options),
  };
}

const namesOf = (tower: string, layers: number): string[] =>
  Array.from({ length: layers }, (_, layer) => `${tower}.${layer}`);

async function* layersOf(
  traceable: readonly Traceable[],
  { signal, onProgress }: LayerOptions,
): AsyncGenerator<readonly [number, TracedLayer]> {
  const total = traceable.reduce((sum, { positions }) => sum + positions, 0);
  let done = 0;
  const order = [...traceable.keys()].sort(
    (a, b) => Number(traceable[a]!.places === 'patches') - Number(traceable[b]!.places === 'patches'),
  );
  for (const index of order) {
    const { site, places, positions, read } = traceable[index]!;
    const logprobs: (readonly number[])[] = [];
    for (let start = 0; start < positions; start += BATCH) {
      stopIfAborted(signal, 'stopped before everything was traced');
      onProgress?.(done / total);
      const some = Array.from({ length: Math.min(BATCH, positions - start) }, (_, i) => start + i);
      logprobs.push(...(await read(some)));
      done += some.length;
    }
    onProgress?.(done / total);
    yield [index, { site, places, logprobs }];
  }
}

/** Words of which the pictures make less than this much of a difference, in nats, have nothing to be put back. */
const LEAST_DIFFERENCE = 0.1;

/**
 * For each position of a layer the share of the word's lost log-probability that came back: 0 as under B, 1 as under A; below 0 and
 * above 1 where it goes further.
 * @returns null where the word is as likely under both pictures, within 0.1 nats
 */
export function restored(
  { clean, corrupt }: Pick<BothReadings, 'clean' | 'corrupt'>,
  { logprobs }: Pick<TracedLayer, 'logprobs'>,
  word: Word,
): readonly number[] | null {
  const under = sumOfWord(word, corrupt);
  const difference = sumOfWord(word, clean) - under;
  if (Math.abs(difference) < LEAST_DIFFERENCE) return null;
  return logprobs.map((rows) => (sumOfWord(word, rows) - under) / difference);
}

/** Of some words the one to which the difference between the pictures matters most: A's advantage over B is largest. */
export function mostChanged(
  words: readonly Word[],
  { clean, corrupt }: Pick<BothReadings, 'clean' | 'corrupt'>,
): number {
  const falls = words.map((word) => sumOfWord(word, clean) - sumOfWord(word, corrupt));
  return falls.indexOf(Math.max(...falls));
}
