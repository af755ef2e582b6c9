import { bytesPerElement, countElements, type Dtype } from '../dtype.js';
import { type PickleRules, unpickle, unpickleFirst } from '../pickle/pickle.js';
import {
  describe,
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleRefusal,
  PickleTuple,
  type PickleValue,
} from '../pickle/values.js';
import { badCheckpoint, quote } from '../problem.js';

/** The `torch.*Storage` types, and what safetensors calls their elements. */
const STORAGE_TYPES = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
} as const satisfies Record<string, Dtype>;

/** As many dimensions as PyTorch allows. */
const MAX_DIMENSIONS = 64;

class StorageType extends PickleGlobal {
  constructor(
    name: string,
    readonly dtype: Dtype,
  ) {
    super(`torch.${name}`);
  }
}

/** A storage: the entry `data/KEY` of the archive, `count` elements long. */
export class TorchStorage extends PickleObject {
  readonly label = 'a storage';

  constructor(
    readonly key: string,
    readonly dtype: Dtype,
    readonly count: number,
  ) {
    super();
  }

  get byteLength(): number {
    return this.count * bytesPerElement(this.dtype);
  }
}

/** A tensor as a view of its storage: element (i, j, ...) is at `first` + i * strides[0] + j * strides[1] + ... */
export class TorchTensor extends PickleObject {
  readonly label = 'a tensor';

  constructor(
    readonly storage: TorchStorage,
    readonly first: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    super();
  }
}

/**
 * The tensors of a pickled state dict, or of the `state_dict` of a training checkpoint, under the names they have there.
 * Each is checked to lie within its storage's declared elements, and to have no more elements than it.
 * @param source what messages call the pickle
 * @throws CocaError `bad-checkpoint`
 */
export function readStateDict(source: string, pickle: Uint8Array): ReadonlyMap<string, TorchTensor> {
  return tensorsOf(source, unpickle(source, pickle, RULES));
}

/** What a pickle holds that something follows. */
export interface StateDictWithStorages {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** By their keys, also those of what is no weight. */
  readonly storages: ReadonlyMap<string, TorchStorage>;
}

/**
 * `readStateDict` of a pickle that something follows.
 * @returns also how many bytes it has
 */
export function readStateDictFirst(
  source: string,
  data: Uint8Array,
): { readonly value: StateDictWithStorages; readonly length: number } {
  const storages = new Map<string, TorchStorage>();
  const persistent = (id: PickleValue): TorchStorage => {
    const storage = storageOf(id);
    storages.set(storage.key, storage);
    return storage;
  };
  const { value, length } = unpickleFirst(source, data, { ...RULES, persistent });
  return { value: { tensors: tensorsOf(source, value), storages }, length };
}

function tensorsOf(source: string, value: PickleValue): ReadonlyMap<string, TorchTensor> {
  const stateDict = findStateDict(source, value);
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of stateDict.entries) {
    if (typeof name !== 'string') throw badCheckpoint(source, `the state dict has ${describe(name)} for a name`);
    if (!(value instanceof TorchTensor)) {
      throw badCheckpoint(source, `${quote(name)} is ${describe(value)}, not a tensor`);
    }
    const problem = problemOf(value);
    if (problem !== undefined) throw badCheckpoint(source, `tensor ${quote(name)}: ${problem}`);
    tensors.set(name, value);
  }
  if (tensors.size === 0) throw badCheckpoint(source, 'the state dict is empty');
  return tensors;
}

function findStateDict(source: string, value: PickleValue): PickleDict {
  if (value instanceof PickleDict) {
    const inner = value.entries.get('state_dict');
    if (inner instanceof PickleDict) return inner;
    if ([...value.entries.values()].some((entry) => entry instanceof TorchTensor)) return value;
    const keys = [...value.entries.keys()].slice(0, 8).map((key) => quote(String(key)));
    throw badCheckpoint(
      source,
      `neither a state dict nor a training checkpoint with a "state_dict": its keys are ${keys.join(', ') || 'none'}`,
      'save the weights alone: torch.save(model.state_dict(), PATH)',
    );
  }
  throw badCheckpoint(
    source,
    `${describe(value)} instead of a state dict`,
    'save the weights alone: torch.save(model.state_dict(), PATH)',
  );
}

function problemOf({ storage, first, shape, strides }: TorchTensor): string | undefined {
  const count = countElements(shape);
  if (count === undefined) return `shape [${shape.join(', ')}] has too many elements`;
  if (count > storage.count) {
    return `shape [${shape.join(', ')}] has ${count} elements, its storage ${storage.count}`;
  }
  if (count === 0) return undefined;
  const last = shape.reduce((index, dimension, i) => index + (dimension - 1) * strides[i]!, first);
  if (!(last < storage.count)) {
    return `strides [${strides.join(', ')}] reach element ${last} of a storage of ${storage.count}`;
  }
  return undefined;
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks, metadata=None)` */
function rebuildTensor(args: readonly PickleValue[]): TorchTensor {
  const [storage, offset, size, stride, requiresGrad, hooks, metadata] = args;
  if (args.length < 6 || args.length > 7 || !(storage instanceof TorchStorage)) {
    throw new PickleRefusal('_rebuild_tensor_v2 with other arguments than torch.save gives it');
  }
  const shape = sizes(size!, 'size');
  const strides = sizes(stride!, 'stride');
  if (shape.length !== strides.length) throw new PickleRefusal('a tensor with as many strides as it has no dimensions');
  if (typeof requiresGrad !== 'boolean' || !isEmptyDict(hooks!)) {
    throw new PickleRefusal('a tensor with backward hooks, which are functions');
  }
  if (metadata !== undefined && metadata !== null && !isEmptyDict(metadata)) {
    throw new PickleRefusal('a tensor with metadata (a conjugate or negative view)');
  }
  return new TorchTensor(storage, wholeNumber(offset!, 'storage offset'), shape, strides);
}

/** `torch._utils._rebuild_parameter(data, requires_grad, backward_hooks)`: the tensor itself. */
function rebuildParameter(args: readonly PickleValue[]): TorchTensor {
  const [tensor, requiresGrad, hooks] = args;
  if (args.length !== 3 || !(tensor instanceof TorchTensor) || typeof requiresGrad !== 'boolean') {
    throw new PickleRefusal('_rebuild_parameter with other arguments than torch.save gives it');
  }
  if (!isEmptyDict(hooks!)) throw new PickleRefusal('a parameter with backward hooks, which are functions');
  return tensor;
}

/** `collections.OrderedDict()`; torch.save sets the items afterwards. */
function orderedDict(args: readonly PickleValue[]): PickleDict {
  if (args.length > 0) throw new PickleRefusal('collections.OrderedDict with arguments');
  return new PickleDict('collections.OrderedDict');
}

/**
 * A persistent id: ("storage", storage type, key, location, number of elements). Before PyTorch 1.6 another storage that it is a
 * view of could follow; since 0.4 there is none.
 */
function storageOf(id: PickleValue): TorchStorage {
  const [tag, type, key, location, count, viewOf = null] = id instanceof PickleTuple ? id.items : [];
  if (viewOf !== null) throw new PickleRefusal('refused: a storage that is a view of another');
  if (!(id instanceof PickleTuple) || !(id.items.length === 5 || id.items.length === 6) || tag !== 'storage') {
    throw new PickleRefusal('refused: a persistent id that is no storage');
  }
  if (!(type instanceof StorageType)) {
    throw new PickleRefusal(`refused: a storage whose type is ${describe(type!)}`);
  }
  if (typeof key !== 'string' || typeof location !== 'string') {
    throw new PickleRefusal('refused: a storage whose key or location is no string');
  }
  const elements = wholeNumber(count!, 'storage size');
  if (!Number.isSafeInteger(elements * bytesPerElement(type.dtype))) throw new PickleRefusal('a storage of 2^53 bytes');
  return new TorchStorage(key, type.dtype, elements);
}

/** `_metadata` (versions of modules, of no use here) is the one attribute that a state dict carries. */
function buildStateDict(target: PickleValue, state: PickleValue): void {
  const isMetadata = state instanceof PickleDict && [...state.entries.keys()].join() === '_metadata';
  if (!(target instanceof PickleDict) || target.label !== 'collections.OrderedDict' || !isMetadata) {
    throw new PickleRefusal(`refused: BUILD sets attributes of ${describe(target)}`);
  }
}

function sizes(value: PickleValue, what: string): readonly number[] {
  if (!(value instanceof PickleTuple)) throw new PickleRefusal(`a tensor whose ${what} is ${describe(value)}`);
  if (value.items.length > MAX_DIMENSIONS)
    throw new PickleRefusal(`a tensor of more than ${MAX_DIMENSIONS} dimensions`);
  return value.items.map((item) => wholeNumber(item, what));
}

function wholeNumber(value: PickleValue, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  const found = typeof value === 'number' || typeof value === 'bigint' ? String(value) : describe(value);
  throw new PickleRefusal(`a ${what} of ${found}`);
}

function isEmptyDict(value: PickleValue): boolean {
  return value instanceof PickleDict && value.entries.size === 0;
}

/** For pickles of plain data. */
export const PLAIN_RULES: PickleRules = {
  globals: new Map(),
  persistent: () => {
    throw new PickleRefusal('refused: a persistent id among plain data');
  },
  build: (target) => {
    throw new PickleRefusal(`refused: BUILD sets attributes of ${describe(target)}`);
  },
};

const RULES: PickleRules = {
  globals: new Map<string, PickleGlobal>([
    ['collections OrderedDict', new PickleGlobal('collections.OrderedDict', orderedDict)],
    ['torch._utils _rebuild_tensor_v2', new PickleGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor)],
    ['torch._utils _rebuild_parameter', new PickleGlobal('torch._utils._rebuild_parameter', rebuildParameter)],
    ...Object.entries(STORAGE_TYPES).map(([name, dtype]): [string, PickleGlobal] => [
      `torch ${name}`,
      new StorageType(name, dtype),
    ]),
  ]),
  persistent: storageOf,
  build: buildStateDict,
};
