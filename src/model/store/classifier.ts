import { dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { exists } from '../base/folders.js';
import { dot } from '../base/numbers/vectors.js';
import { checkShapes, openSafetensors, readTensor, weightsFile } from '../checkpoint/index.js';
import { type ClassNames, type ClassRow, classesOf } from '../data/classes.js';
import { locateModel } from './locate.js';

/** What lies beside a model's weights where it was trained to tell classes apart: no part of an OpenCLIP model. */
export const CLASSIFIER_FILE = 'classifier.safetensors';

/** Its tensors: [K, E] and [K]. */
export const CLASSIFIER = { weight: 'classifier.weight', bias: 'classifier.bias' } as const;

/** Most classes that a file may tell of; ImageNet-21k has 21,843. */
const MOST_CLASSES = 2 ** 20;

/** What the file says of its K classes, in the order of the weight's rows. */
export function classifierMetadata(rows: readonly ClassRow[]): Readonly<Record<string, string>> {
  return { classes: JSON.stringify(rows) };
}

/** A linear layer on the embedding of a picture, before its normalisation. */
export class Classifier {
  constructor(
    readonly classes: ClassNames,
    private readonly weight: Float32Array,
    private readonly bias: Float32Array,
  ) {}

  /** @param latent E floats @returns K logits */
  logits(latent: Float32Array): number[] {
    const width = latent.length;
    return Array.from(this.bias, (bias, k) => bias + dot(this.weight.subarray(k * width, (k + 1) * width), latent));
  }
}

/**
 * The classifier that a model was trained with.
 * @param embedDim E
 * @throws CocaError `not-found` where it has none; `bad-checkpoint` for one that does not fit
 */
export async function readClassifier(model: string | undefined, embedDim: number): Promise<Classifier> {
  const located = await locateModel(model);
  const path = join(dirname(await weightsFile(located.path)), CLASSIFIER_FILE);
  if (!(await exists(path))) {
    throw new CocaError(
      'not-found',
      `the model ${located.name} has no classifier: there is no ${path}`,
      'coca train --objective classification trains one',
    );
  }
  const file = await openSafetensors(path);
  const classes = readClasses(path, file.metadata.get('classes'));
  const { length } = classes.rows;
  const shapes = new Map([
    [CLASSIFIER.weight, [length, embedDim]],
    [CLASSIFIER.bias, [length]],
  ] as const);
  checkShapes(file, shapes);
  return new Classifier(classes, await readTensor(file, CLASSIFIER.weight), await readTensor(file, CLASSIFIER.bias));
}

export function readClasses(path: string, text: string | undefined): ClassNames {
  let rows: unknown;
  try {
    rows = JSON.parse(text ?? '');
  } catch (cause) {
    throw new CocaError('bad-checkpoint', `${path} does not say what its classes are`, undefined, { cause });
  }
  if (!isClassRows(rows) || rows.length > MOST_CLASSES) {
    throw new CocaError('bad-checkpoint', `${path}: its classes are not labels with names`);
  }
  return classesOf(rows, path);
}

export function isClassRows(value: unknown): value is readonly ClassRow[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((row: Partial<ClassRow> | null) => typeof row?.label === 'string' && typeof row.name === 'string')
  );
}
