/** A safetensors file of any header text or bytes and any data, sound or not. */
export function buildSafetensors(header: string | Uint8Array, data: Uint8Array | number, length?: bigint): Buffer {
  const text = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, typeof data === 'number' ? Buffer.alloc(data) : data]);
}

export function tensor(dtype: string, shape: readonly number[], begin: number, end: number): string {
  return JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
}
