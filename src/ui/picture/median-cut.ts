/** Pixels as indices into a palette. */
export interface Indexed {
  /** One a pixel. */
  readonly indices: Uint8Array;
  /** Three bytes a colour, at most 256 of them. */
  readonly palette: Uint8Array;
}

const BITS = 5;
const BINS = 1 << (3 * BITS);
const MOST_COLORS = 256;

/** Pixels whose channels begin with the same five bits: how many, and the sums of their channels. */
interface Histogram {
  readonly counts: Uint32Array;
  readonly sums: readonly [Float64Array, Float64Array, Float64Array];
}

/** A box of bins: those from `start` to `end` of an array. */
interface Box {
  readonly start: number;
  readonly end: number;
  /** The channel whose values differ most in it, and by how much: its pixels times their variance. */
  readonly channel: 0 | 1 | 2;
  readonly spread: number;
}

/**
 * Chooses a palette for a picture, after Heckbert's median cut (1982, "Color image quantization for frame buffer
 * display"): the box of colours that differ most is cut in two at its mean until there are enough.
 * @param rgb three bytes a pixel
 */
export function medianCut(rgb: Uint8Array): Indexed {
  const histogram = histogramOf(rgb);
  const bins = occupied(histogram.counts);
  const boxes = [boxOf(bins, 0, bins.length, histogram)];
  while (boxes.length < MOST_COLORS) {
    let widest = 0;
    for (let i = 1; i < boxes.length; i++) if (boxes[i]!.spread > boxes[widest]!.spread) widest = i;
    const halves = split(bins, boxes[widest]!, histogram);
    if (!halves) break;
    boxes[widest] = halves[0];
    boxes.push(halves[1]);
  }
  const palette = new Uint8Array(boxes.length * 3);
  const colorOf = new Uint8Array(BINS);
  for (const [index, { start, end }] of boxes.entries()) {
    const total = [0, 0, 0];
    let count = 0;
    for (let i = start; i < end; i++) {
      const bin = bins[i]!;
      colorOf[bin] = index;
      count += histogram.counts[bin]!;
      for (let channel = 0; channel < 3; channel++) total[channel]! += histogram.sums[channel]![bin]!;
    }
    for (let channel = 0; channel < 3; channel++) palette[index * 3 + channel] = Math.round(total[channel]! / count);
  }
  const indices = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < indices.length; i++) indices[i] = colorOf[binAt(rgb, i * 3)]!;
  return { indices, palette };
}

function binAt(rgb: Uint8Array, at: number): number {
  const drop = 8 - BITS;
  return ((rgb[at]! >> drop) << (2 * BITS)) | ((rgb[at + 1]! >> drop) << BITS) | (rgb[at + 2]! >> drop);
}

function histogramOf(rgb: Uint8Array): Histogram {
  const counts = new Uint32Array(BINS);
  const sums = [new Float64Array(BINS), new Float64Array(BINS), new Float64Array(BINS)] as const;
  for (let at = 0; at < rgb.length; at += 3) {
    const bin = binAt(rgb, at);
    counts[bin]!++;
    sums[0][bin]! += rgb[at]!;
    sums[1][bin]! += rgb[at + 1]!;
    sums[2][bin]! += rgb[at + 2]!;
  }
  return { counts, sums };
}

function occupied(counts: Uint32Array): Uint16Array {
  const bins = new Uint16Array(BINS);
  let length = 0;
  for (let bin = 0; bin < BINS; bin++) if (counts[bin]! > 0) bins[length++] = bin;
  return bins.subarray(0, length);
}

function boxOf(bins: Uint16Array, start: number, end: number, { counts, sums }: Histogram): Box {
  let widest: Box = { start, end, channel: 0, spread: 0 };
  for (const channel of [0, 1, 2] as const) {
    let [count, sum, squares] = [0, 0, 0];
    for (let i = start; i < end; i++) {
      const bin = bins[i]!;
      const total = sums[channel][bin]!;
      count += counts[bin]!;
      sum += total;
      squares += (total * total) / counts[bin]!;
    }
    const spread = squares - (sum * sum) / count;
    if (spread > widest.spread) widest = { start, end, channel, spread };
  }
  return widest;
}

/** Cuts a box at the mean of its widest channel; undefined where there is nothing to tell its colours apart. */
function split(bins: Uint16Array, { start, end, channel }: Box, histogram: Histogram): [Box, Box] | undefined {
  if (end - start < 2) return undefined;
  const { counts, sums } = histogram;
  const mean = (bin: number): number => sums[channel][bin]! / counts[bin]!;
  let [count, sum] = [0, 0];
  for (let i = start; i < end; i++) {
    count += counts[bins[i]!]!;
    sum += sums[channel][bins[i]!]!;
  }
  const cut = sum / count;
  let middle = start;
  for (let i = start; i < end; i++) {
    const bin = bins[i]!;
    if (mean(bin) >= cut) continue;
    bins[i] = bins[middle]!;
    bins[middle++] = bin;
  }
  if (middle === start || middle === end) return undefined;
  return [boxOf(bins, start, middle, histogram), boxOf(bins, middle, end, histogram)];
}
