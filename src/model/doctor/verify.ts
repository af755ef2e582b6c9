import { readFile } from 'node:fs/promises';
import type { CaptionOptions, Coca } from '../api.js';
import type { AttentionLayer, RawAttention } from '../attention/raw.js';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { requireCaptioner } from '../config/config.js';
import { decodingOptions } from '../decoding/index.js';
import { isSoftwareAdapter, THIS_MACHINE } from '../engine/devices.js';
import type { Device, Engine } from '../engine/engines.js';
import { surveyOnnxDevices } from '../engine/onnx/devices.js';
import { HALF_DEVICES } from '../engine/open.js';
import { surveyTfjsDevices } from '../engine/tfjs/devices.js';
import { loadPicture } from '../image/load-picture.js';
import { BUNDLED_SCENES, readScenes } from '../scenes/scenes-file.js';
import { type LoadedCoca, loadCoca } from '../store/load.js';
import type { Check, CheckContext } from './check.js';

/**
 * By how much an embedding's number, a log-probability or an attention may differ from the CPU's: single precision, summed in
 * another order, stays far below; a product in half precision, or a wrong one, does not.
 */
export const TOLERANCE = 1e-3;
/** The same of half precision, whose ids may be others where two tokens are as likely. */
const HALF_TOLERANCE = 0.1;

/** A place to compute in, and how. */
export interface Place {
  readonly engine: Engine;
  readonly device: Device;
  readonly precision: 'fp32' | 'fp16';
}

/** Everything is compared with this. */
const REFERENCE: Place = { engine: 'onnx', device: 'cpu', precision: 'fp32' };

/** What a model says of one picture and one text, by the name of what was computed. */
export interface Answers {
  readonly numbers: Readonly<Record<string, Float32Array>>;
  /** Ids of captions, by strategy. */
  readonly ids: Readonly<Record<string, readonly number[]>>;
}

/**
 * Whether every device that is there computes what the CPU does: embeddings, captions, and what their words look at.
 * @param model as `loadCoca` takes it; by default the one that is loaded by default
 * @throws CocaError as `loadCoca` does for the CPU; `interrupted`
 */
export async function* verifyDevices(
  model: string | undefined,
  context: Pick<CheckContext, 'signal' | 'onStatus'>,
): AsyncGenerator<Check> {
  context.onStatus(`${nameOf(REFERENCE)}: computing`);
  const reference = await answersOf(model, REFERENCE);
  for (const place of await places()) {
    stopIfAborted(context.signal);
    const common = { area: 'engines', name: `${nameOf(place)} computes` } as const;
    context.onStatus(`${nameOf(place)}: computing`);
    try {
      yield { ...common, ...compared(reference, await answersOf(model, place), place.precision) };
    } catch (error) {
      // A software adapter may be listed and not be there.
      const isThere = !(error instanceof CocaError && error.code === 'device');
      const found = (error as Error).message;
      yield isThere ? { ...common, status: 'problem', found, advice: ADVICE } : { ...common, status: 'absent', found };
    }
  }
}

const ADVICE = 'do not use this device: please report it with what coca doctor says, and the name of the card';

const nameOf = ({ engine, device, precision }: Place): string =>
  `${engine} ${device}${precision === 'fp32' ? '' : ` in ${precision}`}`;

/** Every device that works, and those that only a software adapter serves. */
async function places(): Promise<readonly Place[]> {
  const found: Place[] = [];
  for (const { device, reason } of await surveyOnnxDevices()) {
    if (reason !== undefined && !isSoftwareAdapter(device, THIS_MACHINE)) continue;
    found.push({ engine: 'onnx', device, precision: 'fp32' });
    if (HALF_DEVICES.has(device)) found.push({ engine: 'onnx', device, precision: 'fp16' });
  }
  for (const { device, reason } of await surveyTfjsDevices()) {
    if (reason === undefined) found.push({ engine: 'tfjs', device, precision: 'fp32' });
  }
  return found.filter((place) => nameOf(place) !== nameOf(REFERENCE));
}

async function answersOf(model: string | undefined, place: Place): Promise<Answers> {
  const coca = await loadCoca({ ...(model !== undefined && { model }), ...place });
  try {
    return await askAll(coca);
  } finally {
    await coca.close();
  }
}

async function askAll(coca: LoadedCoca): Promise<Answers> {
  const [scene] = await readScenes(BUNDLED_SCENES);
  const picture = await loadPicture(await readFile(scene!.image), coca.preprocess);
  const encoding = await coca.encodeImages([picture], { attention: true });
  const [text] = await coca.encodeTexts([scene!.caption]);
  const numbers: Record<string, Float32Array> = { image: encoding.features[0]!, text: text! };
  if (coca.config.multimodal === null) {
    addMaps(numbers, coca.attendEmbedding(encoding));
    return { numbers, ids: {} };
  }
  requireCaptioner(coca.config, 'verification');
  const { context_length: contextLength } = coca.config.text;
  const ids: Record<string, readonly number[]> = {};
  for (const strategy of ['greedy', 'beam'] as const) {
    ids[strategy] = await captionOf(coca, encoding, decodingOptions({ strategy }, { contextLength }));
  }
  const attention = await coca.attend(encoding, ids.beam!, { gradient: true });
  addMaps(numbers, attention);
  numbers['log p'] = Float32Array.from(attention.logprobs);
  return { numbers, ids };
}

type Encoding = Awaited<ReturnType<Coca['encodeImages']>>;

async function captionOf(coca: Coca, encoding: Encoding, options: CaptionOptions): Promise<readonly number[]> {
  return (await coca.caption(encoding, options)).captions[0]![0]!.ids;
}

function addMaps(numbers: Record<string, Float32Array>, raw: RawAttention): void {
  const { vision, pooler, contrastive, text, decoderSelf, cross, crossGradient = [] } = raw;
  const kinds: Readonly<Record<string, readonly (AttentionLayer | null)[]>> = {
    'vision attention': vision,
    'pooler attention': [pooler, contrastive],
    'self-attention': [...text, ...decoderSelf],
    'cross-attention': cross,
    'gradients of cross-attention': crossGradient,
  };
  for (const [kind, layers] of Object.entries(kinds)) {
    for (const [i, layer] of layers.entries()) if (layer) numbers[`${kind} ${i}`] = layer.data;
  }
}

/** What there is to say of answers beside the reference's. */
export function compared(
  reference: Answers,
  found: Answers,
  precision: Place['precision'] = 'fp32',
): Pick<Check, 'status' | 'found' | 'advice'> {
  let largest = 0;
  let where = '';
  for (const [name, values] of Object.entries(reference.numbers)) {
    const others = found.numbers[name];
    const difference = others?.length === values.length ? largestDifference(values, others) : Number.POSITIVE_INFINITY;
    if (where === '' || difference > largest) [largest, where] = [difference, name];
  }
  const other = Object.keys(reference.ids).filter((name) => reference.ids[name]!.join() !== found.ids[name]?.join());
  const captions =
    Object.keys(reference.ids).length === 0
      ? ''
      : other.length === 0
        ? '; equal ids'
        : `; other ids: ${other.join(', ')}`;
  const text = `largest difference from ${nameOf(REFERENCE)} ${largest.toExponential(1)} (${where})${captions}`;
  const isRight = precision === 'fp16' ? largest <= HALF_TOLERANCE : largest <= TOLERANCE && other.length === 0;
  return { status: isRight ? 'ok' : 'problem', found: text, ...(!isRight && { advice: ADVICE }) };
}

/** A number that is none counts as infinitely different. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
