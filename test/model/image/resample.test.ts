import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Axis, axis, type Interpolation } from '../../../src/model/image/resample/axis.js';
import { resampleByKernel } from '../../../src/model/image/resample/kernel.js';
import { resamplePlainly } from '../../../src/model/image/resample/plain.js';
import { resample } from '../../../src/model/image/resample/resample.js';
import { startCoca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

/** A side of `source` pixels resized to `target`, and a part of it. */
const anyAxis = (most: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: 60 }), fc.nat(), fc.nat())
    .map(([source, target, some, more]) => {
      const from = some % target;
      const count = 1 + (more % (target - from));
      return (interpolation: Interpolation): Axis => axis(source, target, from, count, interpolation);
    });

/** Black and white overshoot most, and so are clipped. */
const pixels = (columns: Axis, rows: Axis, seed: number): Uint8Array => {
  let state = seed;
  return new Uint8Array(columns.length * rows.length * 3).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const byte = state >>> 24;
    return state & 0x10000 ? byte : byte & 1 ? 255 : 0;
  });
};

describe('the kernel', () => {
  test('gives the bytes of the plain loops, whatever the sizes', () => {
    const interpolation = fc.constantFrom<Interpolation>('bicubic', 'bilinear');
    fc.assert(
      fc.property(anyAxis(400), anyAxis(400), interpolation, fc.integer(), (across, down, filter, seed) => {
        const [columns, rows] = [across(filter), down(filter)];
        const source = pixels(columns, rows, seed);
        expect(resampleByKernel(source, columns, rows)).toEqual(resamplePlainly(source, columns, rows));
      }),
      { numRuns: 300 },
    );
  });

  test('of a photograph, whose rows do not fit in one band', () => {
    const [columns, rows] = [axis(2000, 299, 37, 224, 'bicubic'), axis(1500, 224, 0, 224, 'bicubic')];
    const source = pixels(columns, rows, 7);
    expect(resampleByKernel(source, columns, rows)).toEqual(resamplePlainly(source, columns, rows));
  });

  test('leaves sides of millions to the plain loops, which come to the same', () => {
    const [columns, rows] = [axis(9_000_000, 64, 0, 64, 'bilinear'), axis(1, 1, 0, 1, 'bilinear')];
    const source = new Uint8Array(columns.length * 3).fill(200);
    expect(resampleByKernel(source, columns, rows)).toBeUndefined();
    expect(resample(source, columns, rows).every((byte) => byte === 200)).toBe(true);
  });

  test('is not needed where Node.js may make no machine code: embeddings are the same', async () => {
    const args = ['embed', fixture('golden/preprocess/coffee.jpg'), '--quiet', '--device', 'cpu'];
    const [usual, jitless] = [await startCoca(args), await startCoca(args, { env: { NODE_OPTIONS: '--jitless' } })];
    expect(jitless.code).toBe(0);
    expect(jitless.stdout).toBe(usual.stdout);
  });
});
