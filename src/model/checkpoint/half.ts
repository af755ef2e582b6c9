/**
 * Conversions between float32 and its 16-bit relatives, on bit patterns: sign, exponent, mantissa are
 * 1 + 8 + 23 bits in float32, 1 + 5 + 10 in float16 (IEEE 754 binary16) and 1 + 8 + 7 in bfloat16.
 */

/** float32 bits of every float16: 65,536 words, made when the first float16 tensor is read. */
let halfToFloatBits: Uint32Array | undefined;

function floatBitsOfHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  // Subnormal: mantissa x 2^-24, which float32 holds as a normal number.
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

/** Writes the float32 bits of float16 `halves` to `bits` from index `at`. Exact, NaN payloads included. */
export function decodeF16(halves: Uint16Array, bits: Uint32Array, at: number): void {
  if (halfToFloatBits === undefined) {
    halfToFloatBits = new Uint32Array(65536);
    for (let half = 0; half < 65536; half++) halfToFloatBits[half] = floatBitsOfHalf(half);
  }
  const table = halfToFloatBits;
  for (let i = 0; i < halves.length; i++) bits[at + i] = table[halves[i]!]!;
}

/** Writes the float32 bits of bfloat16 `brains` to `bits` from index `at`. Exact. */
export function decodeBF16(brains: Uint16Array, bits: Uint32Array, at: number): void {
  for (let i = 0; i < brains.length; i++) bits[at + i] = brains[i]! << 16;
}

/**
 * float16 bits of float32 values, rounded to nearest, ties to even (IEEE 754). What is beyond 65504 by half a step or
 * more becomes infinite; NaN stays NaN.
 */
export function encodeF16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = halfOfFloatBits(bits[i]!);
  return halves;
}

function halfOfFloatBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff); // NaN, made quiet
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and beyond
  // From 2^-14 on: move the exponent's bias from 127 to 15 and round off 13 bits. A carry into the exponent is right.
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - 0x38000000, 13);
  // Below half of the smallest subnormal (2^-25), ties included, is zero.
  if (magnitude <= 0x33000000) return sign;
  // Subnormal: the mantissa with its hidden bit, in units of 2^-24.
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
}

/** value / 2^shift, rounded to nearest, ties to even. */
function roundShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
