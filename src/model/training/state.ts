import type { Variable } from '@tensorflow/tfjs-core';
import { checkShapes, readTensor, type SafetensorsFile, type TensorToWrite } from '../checkpoint/index.js';
import type { RandomState } from '../decoding/random.js';
import { CocaError } from '../errors.js';
import type { Moments } from './adamw.js';
import { CLASSIFIER } from './forward.js';

/** Everything about a run that changes from step to step. */
export interface TrainingState {
  readonly step: number;
  readonly random: RandomState;
  readonly parameters: ReadonlyMap<string, Variable>;
  /** Of the parameters in training. */
  readonly moments: ReadonlyMap<string, Moments>;
}

/** How the metadata of a state file says what it is. */
const KIND = 'coca training state 1';

/** The model's own parameters, named and shaped as in an OpenCLIP checkpoint. */
export function modelTensors({ parameters }: TrainingState): readonly TensorToWrite[] {
  const extra: readonly string[] = Object.values(CLASSIFIER);
  return [...parameters].filter(([name]) => !extra.includes(name)).map(([name, variable]) => toWrite(name, variable));
}

/** Parameters and moments (`parameter.NAME`, `first_moment.NAME`, `second_moment.NAME`); step and random numbers. */
export function stateTensors(state: TrainingState): {
  readonly tensors: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
} {
  return {
    tensors: [...namedVariables(state)].map(([name, variable]) => toWrite(name, variable)),
    metadata: { kind: KIND, step: String(state.step), random: state.random.join(' ') },
  };
}

/**
 * Reads a state file into the variables of a run of the same kind.
 * @param assign sets a variable
 * @throws CocaError `bad-checkpoint` for a file that is no such state or does not fit, before anything is changed
 */
export async function readState(
  file: SafetensorsFile,
  current: TrainingState,
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
  const variables = namedVariables(current);
  checkShapes(file, new Map([...variables].map(([name, variable]) => [name, variable.shape])));
  for (const [name, variable] of variables) assign(variable, await readTensor(file, name));
  return { step, random: random as unknown as RandomState };
}

function namedVariables({ parameters, moments }: TrainingState): ReadonlyMap<string, Variable> {
  return new Map([
    ...[...parameters].map(([name, variable]) => [`parameter.${name}`, variable] as const),
    ...[...moments].map(([name, { first }]) => [`first_moment.${name}`, first] as const),
    ...[...moments].map(([name, { second }]) => [`second_moment.${name}`, second] as const),
  ]);
}

/** Read from the backend when it is written, so that a large model is not held twice. */
function toWrite(name: string, variable: Variable): TensorToWrite {
  const data = (async function* () {
    const values = await variable.data();
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  })();
  return { name, dtype: 'F32', shape: variable.shape, data };
}
