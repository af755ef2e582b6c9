import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBF16, decodeF16, encodeF16 } from '../../../src/model/checkpoint/half.js';

const every16Bits = Uint16Array.from({ length: 65536 }, (_, i) => i);

function fromF16(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  decodeF16(halves, new Uint32Array(values.buffer), 0);
  return values;
}

/** The value of a float16 by its definition, in double arithmetic. */
function definedF16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('float16', () => {
  it('decodes every bit pattern to the value of its definition', () => {
    const values = fromF16(every16Bits);
    for (let half = 0; half < 65536; half++) {
      if (!Object.is(values[half], definedF16(half))) throw new Error(`0x${half.toString(16)} is ${values[half]}`);
    }
  });

  it('encodes every decoded value to the bit pattern it came from', () => {
    const again = encodeF16(fromF16(every16Bits));
    for (let half = 0; half < 65536; half++) {
      // A signalling NaN becomes a quiet one, as the hardware's conversion makes it.
      const expected = (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0 ? half | 0x200 : half;
      if (again[half] !== expected) throw new Error(`0x${half.toString(16)} became 0x${again[half]!.toString(16)}`);
    }
  });

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [1e30, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -25, 0x0400], // halfway to the largest subnormal, whose mantissa is odd
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000], // a tie, to even
    [2 ** -25 * 1.0001, 0x0001],
    [3 * 2 ** -25, 0x0002], // a tie, to even
    [2 ** -126, 0x0000],
    [-0, 0x8000],
    [1 + 2 ** -11, 0x3c00], // a tie, to even
    [1 + 3 * 2 ** -11, 0x3c02], // a tie, to even
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [2 - 2 ** -12, 0x4000], // rounding carries into the exponent
    [0.1, 0x2e66],
    [Math.PI, 0x4248],
  ])('encodes %d', (value, expected) => {
    expect(encodeF16(Float32Array.of(value))[0]).toBe(expected);
  });

  it('keeps NaN a NaN, its sign and upper bits', () => {
    const values = new Float32Array(Uint32Array.of(0x7fc00000, 0xff800001, 0x7fffe000).buffer);
    expect([...encodeF16(values)]).toEqual([0x7e00, 0xfe00, 0x7fff]);
  });

  it('rounds to a nearest value', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const half = encodeF16(Float32Array.of(value))[0]!;
        const error = Math.abs(definedF16(half) - value);
        const neighbours = [half - 1, half + 1].filter(
          (other) => (other & 0x7c00) !== 0x7c00 && (other & 0x8000) === (half & 0x8000),
        );
        for (const other of neighbours) expect(Math.abs(definedF16(other) - value)).toBeGreaterThanOrEqual(error);
      }),
    );
  });
});

describe('bfloat16', () => {
  it('decodes every bit pattern to the upper half of a float32', () => {
    const bits = new Uint32Array(65536);
    decodeBF16(every16Bits, bits, 0);
    expect(bits.every((word, i) => word === i * 65536)).toBe(true);
  });

  it.each([
    [0x3f80, 1],
    [0xc000, -2],
    [0x4049, 3.140625],
    [0x0001, 2 ** -133],
    [0x7f80, Infinity],
  ])('decodes 0x%s', (brain, expected) => {
    const values = new Float32Array(1);
    decodeBF16(Uint16Array.of(brain), new Uint32Array(values.buffer), 0);
    expect(values[0]).toBe(expected);
  });
});
