import { CocaError } from '../base/errors.js';
import { Random } from '../base/random.js';
import type { Dataset, DatasetUnit, IndexShard } from './dataset.js';
import { type Permutation, permutation } from './permutation.js';
import type { Locator } from './sample.js';

/**
 * A place in the order of a data set, as a plain value: a reader that starts here sees what follows here. Units are shuffled
 * anew for each epoch, and so are the samples of every group of units that are open together.
 */
export interface OrderState {
  readonly seed: number;
  readonly epoch: number;
  /** Which group of units. */
  readonly group: number;
  /** How many of the group's samples came already. */
  readonly position: number;
}

export const startOrder = (seed: number): OrderState => ({ seed, epoch: 0, group: 0, position: 0 });

export interface OrderedSample {
  readonly locator: Locator;
  /** Its place, and the place after it. */
  readonly at: OrderState;
  readonly next: OrderState;
}

/** Streams of a seed: units and samples of a group are shuffled by numbers that no sample draws. */
const seedOf = ({ seed, epoch }: OrderState): number => seed + epoch * 2 ** 32;
const UNITS_STREAM = 0xffff_ffff;
const groupStream = (group: number): number => UNITS_STREAM - 1 - group;

/**
 * Reads a state that was saved with a run.
 * @throws CocaError `bad-data` for anything else
 */
export function readOrderState(value: unknown): OrderState {
  const { seed, epoch, group, position } = (value ?? {}) as Partial<OrderState>;
  for (const part of [seed, epoch, group, position]) {
    if (Number.isSafeInteger(part) && part! >= 0) continue;
    throw new CocaError('bad-data', `${JSON.stringify(value)} is no place in the order of a data set`);
  }
  return { seed: seed!, epoch: epoch!, group: group!, position: position! };
}

/** What a sample draws (its caption, its crop) when it comes in this place: it depends on nothing else. */
export function randomAt(state: OrderState): Random {
  return new Random(seedOf(state), (Math.imul(state.group, 0x9e37_79b1) + state.position) >>> 0);
}

export interface OrderHooks {
  readonly indexShard: IndexShard;
  /** A unit that cannot be opened, or not whole: the others go on. */
  readonly onProblem: (error: CocaError) => void;
  /** Ends with the epoch of the state. */
  readonly isOnce?: boolean;
}

interface Group {
  readonly units: readonly DatasetUnit[];
  readonly size: number;
  readonly order: Permutation;
}

/**
 * Samples in a shuffled order, epoch after epoch without end, or to the end of one.
 * @throws CocaError `bad-data` when the state lies beyond the data set, which has changed then; what a data set of a
 *   single unit throws when it is opened
 */
export async function* sampleOrder(
  dataset: Dataset,
  start: OrderState,
  hooks: OrderHooks,
): AsyncGenerator<OrderedSample> {
  for (let state = start; ; state = { ...state, epoch: state.epoch + 1, group: 0, position: 0 }) {
    let isEmpty = state.group === 0 && state.position === 0;
    for await (const sample of restOfEpoch(dataset, state, hooks)) {
      isEmpty = false;
      yield sample;
    }
    if (isEmpty) throw new CocaError('bad-data', `there are no samples in ${dataset.name}`);
    if (hooks.isOnce) return;
  }
}

async function* restOfEpoch(dataset: Dataset, start: OrderState, hooks: OrderHooks): AsyncGenerator<OrderedSample> {
  const groups = Math.ceil(dataset.units / dataset.mix);
  if (start.group >= groups) throw changed(dataset);
  let ahead: Promise<Group> | undefined = openGroup(dataset, start, hooks);
  for (let state = start; ahead; state = { ...state, group: state.group + 1, position: 0 }) {
    const group: Group = await ahead;
    if (state.position > group.size) throw changed(dataset);
    // The next group is opened while this one is read.
    const following = { ...state, group: state.group + 1 };
    ahead = following.group < groups ? openGroup(dataset, following, hooks) : undefined;
    ahead?.catch(() => undefined);
    while (state.position < group.size) {
      const next = { ...state, position: state.position + 1 };
      yield { locator: locate(group, state.position), at: state, next };
      state = next;
    }
  }
}

function changed(dataset: Dataset): CocaError {
  return new CocaError(
    'bad-data',
    `the run that is to go on had come further than ${dataset.name} now reaches`,
    'resume with the data it began with',
  );
}

async function openGroup(dataset: Dataset, state: OrderState, hooks: OrderHooks): Promise<Group> {
  const first = state.group * dataset.mix;
  const count = Math.min(dataset.mix, dataset.units - first);
  const place = dataset.shuffled ? permutation(dataset.units, seedOf(state), UNITS_STREAM) : (i: number) => i;
  const opened = await Promise.all(Array.from({ length: count }, (_, i) => openUnit(dataset, place(first + i), hooks)));
  const units = opened.filter((unit) => unit !== undefined);
  const size = units.reduce((sum, unit) => sum + unit.size, 0);
  const order = dataset.shuffled ? permutation(size, seedOf(state), groupStream(state.group)) : (i: number) => i;
  return { units, size, order };
}

async function openUnit(dataset: Dataset, index: number, hooks: OrderHooks): Promise<DatasetUnit | undefined> {
  try {
    const unit = await dataset.openUnit(index, hooks.indexShard);
    if (unit.problem) hooks.onProblem(unit.problem);
    return unit;
  } catch (error) {
    if (!(error instanceof CocaError) || dataset.units === 1) throw error;
    hooks.onProblem(error);
    return undefined;
  }
}

function locate({ units, order }: Group, position: number): Locator {
  let index = order(position);
  for (const unit of units) {
    if (index < unit.size) return unit.locate(index);
    index -= unit.size;
  }
  throw new RangeError(`no sample ${position} in this group`);
}
