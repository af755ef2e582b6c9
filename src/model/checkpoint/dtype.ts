/** Element types of the safetensors format that fill whole bytes, with their size in bytes. */
const BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  C64: 8,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type Dtype = keyof typeof BYTES;

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(BYTES, name);
}

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return BYTES[dtype];
}

/** The element types that weights of a network may have: what `readTensor` and the engines read. */
export type WeightDtype = 'F32' | 'F16' | 'BF16';

export function isWeightDtype(dtype: Dtype): dtype is WeightDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/**
 * Number of elements of a shape, or undefined where it passes 2^53.
 * Multiplied from the left, so that a product that passes 2^53 is found even where a later zero would hide it.
 */
export function countElements(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const dimension of shape) {
    count *= dimension;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}
