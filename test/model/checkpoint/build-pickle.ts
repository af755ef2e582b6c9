/** Assembles pickles byte by byte, sound or not. Numbers are opcode bytes, strings are Latin-1 text. */
export function assemble(...parts: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as string, 'latin1'))),
  );
}

/** BINUNICODE */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return assemble('X', length, bytes);
}

/** BININT, or LONG1 where it does not fit. */
export function integer(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return BigInt(value) === BigInt(bytes.readInt32LE()) ? assemble('J', bytes.subarray(0, 4)) : assemble(0x8a, 8, bytes);
}

/** GLOBAL */
export function global(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}

export function tuple(...items: readonly (string | Uint8Array)[]): Buffer {
  return assemble('(', ...items, 't');
}

export const ORDERED_DICT = assemble(global('collections', 'OrderedDict'), ')R');

export interface StorageParts {
  readonly tag?: string;
  readonly type?: string | Uint8Array;
  readonly key?: string;
  readonly count?: number | bigint;
}

/** The persistent id of a storage. */
export function storage({ tag = 'storage', type, key = '0', count = 6 }: StorageParts = {}): Buffer {
  const id = tuple(text(tag), type ?? global('torch', 'FloatStorage'), text(key), text('cpu'), integer(count));
  return assemble(id, 'Q');
}

export interface TensorParts {
  readonly storage?: Uint8Array;
  readonly offset?: number | bigint;
  readonly size?: readonly (number | bigint)[];
  readonly stride?: readonly (number | bigint)[];
  readonly requiresGrad?: string | Uint8Array;
  readonly hooks?: string | Uint8Array;
  readonly more?: readonly (string | Uint8Array)[];
}

/** The call that rebuilds a tensor: by default all six elements of storage 0 as 2 x 3. */
export function tensor({ size = [2, 3], stride = [3, 1], ...parts }: TensorParts = {}): Buffer {
  const args = tuple(
    parts.storage ?? storage(),
    integer(parts.offset ?? 0),
    tuple(...size.map(integer)),
    tuple(...stride.map(integer)),
    parts.requiresGrad ?? assemble(0x89),
    parts.hooks ?? ORDERED_DICT,
    ...(parts.more ?? []),
  );
  return assemble(global('torch._utils', '_rebuild_tensor_v2'), args, 'R');
}

/** A whole pickle: a state dict of these pickled values. */
export function stateDict(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const items = Object.entries(entries).flatMap(([name, value]) => [text(name), value]);
  return assemble(0x80, 2, ORDERED_DICT, '(', ...items, 'u.');
}
