/** How this program and its server tell each other values with many numbers: JSON, and after it the bytes of typed arrays. */

const KINDS = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const;
type Kind = keyof typeof KINDS;
type Numbers = InstanceType<(typeof KINDS)[Kind]>;

/** In the place of a typed array: its kind and how many numbers it has; in that of a number that JSON cannot say: its name. */
interface Marked {
  readonly $array?: readonly [Kind, number];
  readonly $number?: string;
}

/** The type of such a body. */
export const PACKED = 'application/octet-stream';

const HEAD_BYTES = 4;

/** A value as bytes: the length of the JSON (32 bits, lowest first), the JSON, and the arrays in their order. */
export function pack(value: unknown): Buffer {
  const arrays: Buffer[] = [];
  const json = Buffer.from(
    JSON.stringify(value, (_, one: unknown): unknown => {
      if (typeof one === 'number' && !Number.isFinite(one)) return { $number: String(one) } satisfies Marked;
      const kind = kindOf(one);
      if (kind === undefined) return one;
      const numbers = one as Numbers;
      arrays.push(Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
      return { $array: [kind, numbers.length] } satisfies Marked;
    }),
  );
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(json.length);
  return Buffer.concat([head, json, ...arrays]);
}

function kindOf(value: unknown): Kind | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return (Object.keys(KINDS) as Kind[]).find((kind) => value instanceof KINDS[kind]);
}

/**
 * The value that `pack` was given.
 * @throws TypeError for bytes that are of no such value
 */
export function unpack(bytes: Buffer): unknown {
  if (bytes.length < HEAD_BYTES) throw new TypeError('too short');
  const length = bytes.readUInt32LE(0);
  let at = HEAD_BYTES + length;
  if (at > bytes.length) throw new TypeError('too short');
  const take = (kind: Kind, count: number): Numbers => {
    const { BYTES_PER_ELEMENT: width } = KINDS[kind];
    const from = at;
    at += width * count;
    if (!Number.isInteger(count) || count < 0 || at > bytes.length) throw new TypeError('an array is cut short');
    return new KINDS[kind](new Uint8Array(bytes.subarray(from, at)).buffer);
  };
  return JSON.parse(bytes.toString('utf8', HEAD_BYTES, HEAD_BYTES + length), (_, one: unknown): unknown => {
    if (typeof one !== 'object' || one === null) return one;
    const { $array, $number } = one as Marked;
    if ($number !== undefined) return Number($number);
    if (!Array.isArray($array)) return one;
    const [kind, count] = $array as [Kind, number];
    if (!Object.hasOwn(KINDS, kind)) throw new TypeError('an array of no kind');
    return take(kind, count);
  });
}
