import type { Variable } from '@tensorflow/tfjs-core';
import { CocaError } from '../base/errors.js';
import type { RandomState } from '../base/random.js';
import { checkShapes, readTensor, type SafetensorsFile, type TensorToWrite } from '../checkpoint/index.js';
import { CLASSIFIER } from '../store/classifier.js';
import type { Moments, Optimizer } from './optimizer.js';

/** Everything about a run that changes from step to step. */
export interface TrainingState {
  readonly step: number;
  readonly random: RandomState;
  readonly parameters: ReadonlyMap<string, Variable>;
  /** Of the parameters, those in training. */
  readonly trainable: ReadonlyMap<string, Variable>;
  readonly optimizer: Optimizer;
  /** The parameters' running mean, where there is one. */
  readonly average?: ReadonlyMap<string, Variable>;
}

/** How the metadata of a state file says what it is. */
const KIND = 'coca training state 1';

/** How a state file calls what it keeps of a parameter. */
const KEYS = {
  parameter: (name: string) => `parameter.${name}`,
  first: (name: string) => `first_moment.${name}`,
  second: (name: string) => `second_moment.${name}`,
  average: (name: string) => `average.${name}`,
} as const;

const NONE: ReadonlyMap<string, Variable> = new Map();

const isOfClassifier = (name: string): boolean => (Object.values(CLASSIFIER) as readonly string[]).includes(name);

/** A model's own parameters, named and shaped as in an OpenCLIP checkpoint. */
export function modelTensors(parameters: ReadonlyMap<string, Variable>): readonly TensorToWrite[] {
  return [...parameters]
    .filter(([name]) => !isOfClassifier(name))
    .map(([name, variable]) => toWrite(name, variable.shape, () => variable.data()));
}

/** Those of the classifier; empty for a model without one. */
export function classifierTensors({ parameters }: TrainingState): readonly TensorToWrite[] {
  return [...parameters]
    .filter(([name]) => isOfClassifier(name))
    .map(([name, variable]) => toWrite(name, variable.shape, () => variable.data()));
}

/** Parameters, their running mean, and what the optimiser remembers of them; the step and the random numbers as metadata. */
export function stateTensors({ step, random, parameters, trainable, optimizer, average = NONE }: TrainingState): {
  readonly tensors: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
} {
  const moment = (name: string, which: keyof Moments, shape: readonly number[]) =>
    toWrite(KEYS[which](name), shape, async () => (await optimizer.moments(name))[which]!);
  const variables = (of: ReadonlyMap<string, Variable>, key: (name: string) => string) =>
    [...of].map(([name, variable]) => toWrite(key(name), variable.shape, () => variable.data()));
  return {
    tensors: [
      ...variables(parameters, KEYS.parameter),
      ...variables(average, KEYS.average),
      ...[...trainable].flatMap(([name, { shape }]) =>
        optimizer.keeps(name).map((which) => moment(name, which, shape)),
      ),
    ],
    metadata: { kind: KIND, step: String(step), random: random.join(' ') },
  };
}

/**
 * Reads a state file into a run of the same kind.
 * @param assign sets a parameter
 * @throws CocaError `bad-checkpoint` for a file that is no such state or does not fit, before anything is changed
 */
export async function readState(
  file: SafetensorsFile,
  { parameters, trainable, optimizer, average = NONE }: TrainingState,
  assign: (variable: Variable, data: Float32Array) => void,
): Promise<Pick<TrainingState, 'step' | 'random'>> {
  const step = Number(file.metadata.get('step'));
  const random = (file.metadata.get('random') ?? '').split(' ').map(Number);
  const isWord = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  if (
    file.metadata.get('kind') !== KIND ||
    !Number.isSafeInteger(step) ||
    step < 0 ||
    random.length !== 4 ||
    !random.every(isWord)
  ) {
    throw new CocaError('bad-checkpoint', `${file.path}: holds no training state that this version can read`);
  }
  checkShapes(
    file,
    new Map([
      ...[...parameters].map(([name, { shape }]) => [KEYS.parameter(name), shape] as const),
      ...[...average].map(([name, { shape }]) => [KEYS.average(name), shape] as const),
      ...[...trainable].flatMap(([name, { shape }]) =>
        optimizer.keeps(name).map((which) => [KEYS[which](name), shape] as const),
      ),
    ]),
  );
  const moments = new Map<string, Moments>();
  for (const name of trainable.keys()) {
    const read = (which: keyof Moments) => readTensor(file, KEYS[which](name));
    const first = await read('first');
    moments.set(name, optimizer.keeps(name).includes('second') ? { first, second: await read('second') } : { first });
  }
  for (const [name, variable] of parameters) assign(variable, await readTensor(file, KEYS.parameter(name)));
  for (const [name, variable] of average) assign(variable, await readTensor(file, KEYS.average(name)));
  optimizer.restore(moments);
  return { step, random: random as unknown as RandomState };
}

/** Read from the backend when it is written, so that a large model is not held twice. */
function toWrite(name: string, shape: readonly number[], read: () => Promise<ArrayBufferView>): TensorToWrite {
  const data = (async function* () {
    const values = await read();
    yield new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  })();
  return { name, dtype: 'F32', shape, data };
}
