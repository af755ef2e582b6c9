export type Interpolation = 'bicubic' | 'bilinear';

interface Filter {
  /** Half the filter's width, in output pixels. */
  readonly support: number;
  weight(x: number): number;
}

const FILTERS: Record<Interpolation, Filter> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic convolution (1981) with a = -0.5
  bicubic: {
    support: 2,
    weight(x) {
      const a = -0.5;
      const t = Math.abs(x);
      if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
      return 0;
    },
  },
};

/** Of the fixed-point weights. */
export const PRECISION_BITS = 22;

/** Weights that make a run of output pixels out of a run of source pixels, along one side of a picture. */
export interface Axis {
  /** The source pixels that take part. */
  readonly start: number;
  readonly length: number;
  /** How many output pixels. */
  readonly count: number;
  /** Output pixel i weighs the `lengths[i]` source pixels from `start + offsets[i]` with `weights` from i * taps. */
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly weights: Int32Array;
  /** The same before they were rounded: what 16-bit samples are weighed with. */
  readonly exact: Float64Array;
  readonly taps: number;
}

/** The axis that resizes `source` pixels to `target`, cut down to the `count` output pixels from `from`. */
export function axis(source: number, target: number, from: number, count: number, interpolation: Interpolation): Axis {
  const filter = FILTERS[interpolation];
  const scale = source / target;
  const stretch = Math.max(1, scale);
  const support = filter.support * stretch;
  const taps = Math.min(source, Math.ceil(support) * 2 + 1);
  const offsets = new Int32Array(count);
  const lengths = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const exact = new Float64Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(source, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    const row = exact.subarray(i * taps, (i + 1) * taps);
    for (let k = 0; k < length; k++) {
      // The reciprocal, then a product: Pillow's rounding depends on it.
      row[k] = filter.weight((k + first - centre + 0.5) * (1 / stretch));
      sum += row[k]!;
    }
    for (let k = 0; k < length; k++) {
      if (sum !== 0) row[k] = row[k]! / sum;
      const scaled = row[k]! * (1 << PRECISION_BITS);
      weights[i * taps + k] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    offsets[i] = first;
    lengths[i] = length;
  }
  const start = offsets[0]!;
  const length = offsets[count - 1]! + lengths[count - 1]! - start;
  for (let i = 0; i < count; i++) offsets[i] = offsets[i]! - start;
  return { start, length, count, offsets, lengths, weights, exact, taps };
}
