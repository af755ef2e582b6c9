import type { Coca, ImageEncoding } from '../api.js';
import { checkShapes, firstNonFinite, openSafetensors, readTensor, writeSafetensors } from '../checkpoint/index.js';
import { badCheckpoint } from '../checkpoint/problem.js';
import type { SafetensorsFile } from '../checkpoint/safetensors.js';
import { imageTokenCount } from '../config/config.js';
import type { ClassNames, ClassRow } from '../data/classes.js';
import { split, tokensOf } from '../encoding.js';
import { chooseTfjsDevice } from '../engine/tfjs/devices.js';
import { CLASSIFIER, classifierMetadata, readClasses } from '../store/classifier.js';
import type { HostTensor } from '../training/variables.js';
import { type FeatureKind, meanToken, tokenWidth } from './features.js';
import { HEADS, type HeadKind, QUERIES, type Queries } from './kinds.js';
import { Pooler, type PoolerShape, poolerShapes } from './pooler.js';
import { type FittedHead, type HeadSettings, linearHead } from './probe.js';

/** What a file says that it is. */
const FORMAT = 'coca-head 1';
const FEATURES: readonly FeatureKind[] = ['embedding', 'tokens'];

/** A head that belongs to a model. Release it. */
export interface Head {
  readonly path: string;
  readonly kind: HeadKind;
  readonly classes: ClassNames;
  /** [K] logits for each picture. */
  logits(images: ImageEncoding): Promise<number[][]>;
  release(): void;
}

/** What a head's file says beside its tensors. */
export interface HeadFacts {
  readonly settings: HeadSettings;
  readonly classes: readonly ClassRow[];
  readonly c: number | undefined;
  /** Of the pictures that it was not fitted to, and how many these are; null without any. */
  readonly accuracy: number | null;
  readonly tested: number;
  readonly learned: number;
}

/**
 * Writes a head: its tensors, and what it is of as metadata.
 * @throws CocaError `write-failed`
 */
export async function writeHead(path: string, head: FittedHead, facts: HeadFacts, coca: Coca): Promise<void> {
  const { settings, c, accuracy } = facts;
  const tensors = [...(await head.tensors())].map(([name, { shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { name, dtype: 'F32', shape, data: bytes } as const;
  });
  await writeSafetensors(path, tensors, {
    format: FORMAT,
    kind: settings.kind,
    features: settings.features,
    ...classifierMetadata(facts.classes),
    model: coca.name,
    weights: await coca.fingerprint(),
    precision: coca.precision,
    learned: String(facts.learned),
    tested: String(facts.tested),
    ...(accuracy !== null && { accuracy: String(accuracy) }),
    ...(c !== undefined && { c: String(c) }),
    ...(settings.kind === 'pooler' && { queries: settings.queries }),
  });
}

/**
 * The features of pictures that a head is asked about.
 * @param kind what the head takes
 */
export function vectorsOf(images: ImageEncoding, kind: FeatureKind): readonly Float32Array[] {
  return kind === 'embedding' ? images.latents : split(tokensOf(images).data, images.count);
}

/**
 * Reads a head, and checks that it is one of this model's.
 * @throws CocaError `bad-checkpoint` for what is no head, is malformed, or belongs to other weights or another precision; `not-found`,
 *   `unreadable`, `device`
 */
export async function openHead(path: string, coca: Coca): Promise<Head> {
  const file = await openSafetensors(path);
  const { metadata } = file;
  if (metadata.get('format') !== FORMAT) {
    throw badCheckpoint(path, 'no head that this program knows', 'coca probe DATA -o HEAD makes one');
  }
  const kind = oneOf(file, 'kind', HEADS);
  const features = oneOf(file, 'features', FEATURES);
  await checkModel(file, coca);
  const classes = readClasses(path, metadata.get('classes'));
  const { length } = classes.rows;
  const { config } = coca;
  if (kind === 'linear') {
    const width = features === 'embedding' ? config.embed_dim : tokenWidth(config);
    const tensors = await finiteTensors(
      file,
      new Map<string, readonly number[]>([
        [CLASSIFIER.weight, [length, width]],
        [CLASSIFIER.bias, [length]],
      ]),
    );
    const layer = { weight: tensors.get(CLASSIFIER.weight)!.data, bias: tensors.get(CLASSIFIER.bias)!.data };
    const head = linearHead(layer, undefined);
    return {
      path,
      kind,
      classes,
      logits: (images) => {
        const vectors = vectorsOf(images, features);
        return head.logits(features === 'embedding' ? vectors : vectors.map((one) => meanToken(one, width)));
      },
      release: head.release,
    };
  }
  const queries: Queries = oneOf(file, 'queries', QUERIES);
  const shape: PoolerShape = { tokens: imageTokenCount(config), width: tokenWidth(config), classes: length, queries };
  const { device } = await chooseTfjsDevice('auto');
  const pooler = await Pooler.of(device, shape, await finiteTensors(file, poolerShapes(shape)));
  return {
    path,
    kind,
    classes,
    logits: (images) => pooler.logits(vectorsOf(images, 'tokens')),
    release: () => pooler.release(),
  };
}

function oneOf<T extends string>({ path, metadata }: SafetensorsFile, name: string, known: readonly T[]): T {
  const found = known.find((one) => one === metadata.get(name));
  if (found !== undefined) return found;
  throw badCheckpoint(path, `its ${name} is ${JSON.stringify(metadata.get(name) ?? null)}, not ${known.join(' or ')}`);
}

async function checkModel({ path, metadata }: SafetensorsFile, coca: Coca): Promise<void> {
  const [weights, precision, model] = ['weights', 'precision', 'model'].map((name) => metadata.get(name) ?? 'unknown');
  if (weights !== (await coca.fingerprint())) {
    throw badCheckpoint(
      path,
      `belongs to other weights than those of ${coca.name}: it was made on ${JSON.stringify(model)}`,
      'name that model with --model, or make a head of this one: coca probe',
    );
  }
  if (precision !== coca.precision) {
    throw badCheckpoint(
      path,
      `was made in ${JSON.stringify(precision)}, and the model is loaded in ${coca.precision}`,
      `--precision ${precision}, or make a head in this precision: coca probe`,
    );
  }
}

async function finiteTensors(
  file: SafetensorsFile,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<ReadonlyMap<string, HostTensor>> {
  checkShapes(file, shapes);
  const tensors = new Map<string, HostTensor>();
  for (const [name, shape] of shapes) {
    if ((await firstNonFinite(file, name)) >= 0) throw badCheckpoint(file.path, `${name} holds NaN or infinite values`);
    tensors.set(name, { shape, data: await readTensor(file, name) });
  }
  return tensors;
}
