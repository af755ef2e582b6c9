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
export interface Trace {
  /** The caption, from the start token. */
  readonly ids: readonly number[];
  /** With their log-probabilities under A. */
  readonly words: readonly Word[];
  /** log p(ids[r + 1] | picture, ids[0..r]) of each of N rows, under A and under B. */
  readonly clean: readonly number[];
  readonly corrupt: readonly number[];
  /** In the order in which a picture and its caption go through them. */
  readonly layers: readonly TracedLayer[];
  /** Patches along one side of the square that the model sees. */
  readonly grid: number;
}

/** What is put back at one layer: some patches, an image token, or a row of the caption. */
export type TracedPlaces = 'patches' | 'image tokens' | 'rows';

/** One layer, with A's activation put back at each of its positions in turn. */
export interface TracedLayer {
  /** As a person types it: `vision.3`, `image`, `cross.1`. */
  readonly site: string;
  readonly places: TracedPlaces;
  /** Of each position P the log-probabilities of all rows: [P][N]. */
  readonly logprobs: readonly (readonly number[])[];
}

/** Pictures, or readings of the caption, that go through the model at once. */
const BATCH = 16;

export interface TraceOptions {
  /** Side of the patches that are put back together, 1 to the grid's. */
  readonly window?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives the part that is done, from 0 to 1. */
  readonly onProgress?: ((part: number) => void) | undefined;
}

/** What a model is asked. */
export type Tracing = Pick<Coca, 'encodeImages' | 'readCaption' | 'tokenizer'> & { readonly config: CocaConfig };

/**
 * The residual stream after every vision layer (around each patch in turn), the image tokens (one at a time), and the residual stream
 * after every cross-attention block of the decoder (a row at a time).
 * @param ids a caption of A, from the start token
 * @throws CocaError `interrupted`
 */
export async function trace(
  coca: Tracing,
  [a, b]: readonly [Picture, Picture],
  ids: readonly number[],
  { window = TRACE_WINDOW, signal, onProgress }: TraceOptions = {},
): Promise<Trace> {
  const { config } = coca;
  const grid = gridSize(config);
  const rows = ids.length - 1;
  const seen = new Map<string, Activation>();
  const onActivation = (activation: Activation): void => {
    if (activation.part === 'residual') seen.set(`${activation.name}.${activation.layer}`, activation);
  };
  const imageA = await coca.encodeImages([a], { onActivation });
  const [clean] = await coca.readCaption(imageA, ids, { onActivation });
  const imageB = await coca.encodeImages([b]);
  const [corrupt] = await coca.readCaption(imageB, ids);

  const tokens = imageTokenCount(config);
  const total = grid * grid * config.vision.layers + tokens + rows * config.multimodal.layers;
  let done = 0;
  /** Reads the caption with each of some positions put back, `BATCH` of them at once. */
  const each = async (
    site: string,
    places: TracedPlaces,
    positions: number,
    read: (some: readonly number[]) => Promise<readonly (readonly number[])[]>,
  ): Promise<TracedLayer> => {
    const logprobs: (readonly number[])[] = [];
    for (let start = 0; start < positions; start += BATCH) {
      stopIfAborted(signal, 'stopped before everything was traced');
      onProgress?.(done / total);
      const some = Array.from({ length: Math.min(BATCH, positions - start) }, (_, i) => start + i);
      logprobs.push(...(await read(some)));
      done += some.length;
    }
    return { site, places, logprobs };
  };

  const layers: TracedLayer[] = [];
  for (let layer = 0; layer < config.vision.layers; layer++) {
    const from = seen.get(`vision.${layer}`)!;
    const read = async (some: readonly number[]) => {
      // The class token comes first.
      const back = some.map((patch) => patchesAround(patch, grid, window).map((one) => one + 1));
      const changes = [putBack(from, back)];
      return coca.readCaption(await coca.encodeImages(Array(some.length).fill(b), { changes }), ids);
    };
    layers.push(await each(`vision.${layer}`, 'patches', grid * grid, read));
  }
  layers.push(
    await each('image', 'image tokens', tokens, (some) =>
      coca.readCaption(
        withTokensOf(
          imageA,
          imageB,
          some.map((token) => [token]),
          tokens,
        ),
        ids,
      ),
    ),
  );
  for (let layer = 0; layer < config.multimodal.layers; layer++) {
    const from = seen.get(`cross.${layer}`)!;
    const read = (some: readonly number[]) => {
      const back = some.map((row) => [row]);
      const images: ImageEncoding = repeated(imageB, some.length);
      return coca.readCaption(images, ids, { changes: [putBack(from, back)] });
    };
    layers.push(await each(`cross.${layer}`, 'rows', rows, read));
  }
  onProgress?.(1);
  return { ids, words: wordsOf(ids, clean!, coca.tokenizer), clean: clean!, corrupt: corrupt!, layers, grid };
}

/** Words of which the pictures make less than this much of a difference, in nats, have nothing to be put back. */
const LEAST_DIFFERENCE = 0.1;

/**
 * For each position of a layer the share of the word's lost log-probability that came back: 0 as under B, 1 as under A; below 0 and
 * above 1 where it goes further.
 * @returns null where the word is as likely under both pictures, within 0.1 nats
 */
export function restored({ clean, corrupt }: Trace, { logprobs }: TracedLayer, word: Word): readonly number[] | null {
  const under = sumOfWord(word, corrupt);
  const difference = sumOfWord(word, clean) - under;
  if (Math.abs(difference) < LEAST_DIFFERENCE) return null;
  return logprobs.map((rows) => (sumOfWord(word, rows) - under) / difference);
}

/** Of some words the one to which the difference between the pictures matters most: A's advantage over B is largest. */
export function mostChanged(words: readonly Word[], { clean, corrupt }: Trace): number {
  const falls = words.map((word) => sumOfWord(word, clean) - sumOfWord(word, corrupt));
  return falls.indexOf(Math.max(...falls));
}
