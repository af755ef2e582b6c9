/** What an unpickled stream consists of. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | PickleObject;

export type PickleKey = null | boolean | number | bigint | string;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleList {
  constructor(readonly items: PickleValue[]) {}
}

export class PickleDict {
  readonly entries = new Map<PickleKey, PickleValue>();

  /** `label` is Python's name for its type. */
  constructor(readonly label: 'dict' | 'collections.OrderedDict') {}
}

/** A name that the rules allow a stream to use, and what calling it does; without `call` it cannot be called. */
export class PickleGlobal {
  constructor(
    /** Its full Python name. */
    readonly label: string,
    readonly call?: (args: readonly PickleValue[]) => PickleValue,
  ) {}
}

/** Base of what the rules make for allowed calls and persistent ids. */
export abstract class PickleObject {
  /** What messages call it. */
  abstract readonly label: string;
}

/** Why a stream is refused. `unpickle` adds where. */
export class PickleRefusal extends Error {
  constructor(
    reason: string,
    readonly hint?: string,
  ) {
    super(reason);
  }
}

/** What a value is, for a message. */
export function describe(value: PickleValue): string {
  if (value === null) return 'None';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof PickleTuple) return 'a tuple';
  if (value instanceof PickleList) return 'a list';
  if (value instanceof PickleDict) return value.label;
  if (value instanceof PickleGlobal || value instanceof PickleObject) return value.label;
  return typeof value === 'string' ? 'a string' : typeof value === 'boolean' ? 'a boolean' : 'a number';
}
