import type { Raster } from './raster.js';

/**
 * Colours of a heat map, and a heat map laid over a picture.
 *
 * The scale runs from dark violet over magenta and orange to bright yellow in steps of equal lightness, so that equal
 * differences look equal, also to colour-blind eyes and in print. It is computed, not stored: a straight line of
 * lightness and of hue in OKLab (Ottosson 2020, "A perceptual color space for image processing"), at nearly the most
 * chroma that sRGB has there.
 */
const STEPS = 256;
const LIGHTNESS = [0.25, 0.93] as const;
const HUE_DEGREES = [285, 465] as const;
/** Part of the possible chroma: the last percent would be lost to rounding. */
const SATURATION = 0.98;

type Rgb = [number, number, number];

/** OKLab to linear sRGB, by the matrices of Ottosson's article. */
function linearRgb(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** The most chroma at which a lightness and hue still are an sRGB colour, by bisection. */
function mostChroma(lightness: number, hue: number): number {
  let inside = 0;
  let outside = 0.4;
  for (let i = 0; i < 20; i++) {
    const chroma = (inside + outside) / 2;
    if (linearRgb(lightness, chroma, hue).every((value) => value >= 0 && value <= 1)) inside = chroma;
    else outside = chroma;
  }
  return inside;
}

function gammaByte(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * value);
}

function scale(): Uint8Array {
  const table = new Uint8Array(STEPS * 3);
  for (let i = 0; i < STEPS; i++) {
    const at = i / (STEPS - 1);
    const lightness = LIGHTNESS[0] + at * (LIGHTNESS[1] - LIGHTNESS[0]);
    const hue = ((HUE_DEGREES[0] + at * (HUE_DEGREES[1] - HUE_DEGREES[0])) * Math.PI) / 180;
    const chroma = SATURATION * mostChroma(lightness, hue);
    table.set(linearRgb(lightness, chroma, hue).map(gammaByte), i * 3);
  }
  return table;
}

const TABLE = scale();

function stepOf(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * (STEPS - 1));
}

/** The colour of a value between 0 and 1. */
export function heatColor(value: number): Rgb {
  const at = stepOf(value) * 3;
  return [TABLE[at]!, TABLE[at + 1]!, TABLE[at + 2]!];
}

/**
 * A map of grid x grid values, drawn `size` x `size` pixels large relative to its highest value, or another: 0 to 1. Between the
 * centres of patches the values follow monotone cubics (Fritsch and Carlson 1980, with the slopes of Fritsch and Butland
 * 1984), across and then down: smooth, through every patch's own value, and without the rings that a resampling filter
 * draws around a peak and that would pass for attention.
 */
export function enlargeMap(
  map: Float32Array,
  grid: number,
  size: number,
  highest = map.reduce((best, value) => Math.max(best, value), 0),
): Float32Array {
  const out = new Float32Array(size * size);
  if (highest === 0) return out;
  const across = new Float32Array(grid * size); // grid rows of size pixels
  for (let row = 0; row < grid; row++) enlargeLine(map, row * grid, 1, grid, across, row * size, 1, size);
  for (let x = 0; x < size; x++) enlargeLine(across, x, size, grid, out, x, size, size);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(1, out[i]! / highest);
  return out;
}

/** `count` values from `from`, `step` apart, as `size` values; outside the first and last centre they stay the same. */
function enlargeLine(
  values: Float32Array,
  from: number,
  step: number,
  count: number,
  out: Float32Array,
  outFrom: number,
  outStep: number,
  size: number,
): void {
  const at = (i: number): number => values[from + Math.min(count - 1, Math.max(0, i)) * step]!;
  const slope = (i: number): number => {
    const before = at(i) - at(i - 1);
    const after = at(i + 1) - at(i);
    return before * after > 0 ? (2 * before * after) / (before + after) : 0;
  };
  let left = Number.NaN;
  let [y0, y1, m0, m1] = [0, 0, 0, 0];
  for (let x = 0; x < size; x++) {
    const place = ((x + 0.5) * count) / size - 0.5;
    if (Math.floor(place) !== left) {
      left = Math.floor(place);
      [y0, y1, m0, m1] = [at(left), at(left + 1), slope(left), slope(left + 1)];
    }
    const t = place - left;
    const rise = t * t * (3 - 2 * t);
    out[outFrom + x * outStep] = y0 + rise * (y1 - y0) + t * (1 - t) * ((1 - t) * m0 - t * m1);
  }
}

/** Of a map over a picture, unless another is asked for: high enough to be seen, low enough to see what it lies on. */
export const OPACITY = 0.5;
/** How far the picture steps back under an opaque map, in brightness and in colour. */
const DIMMING = 0.45;
const FADING = 0.7;
/** How much of the light and dark of the picture goes on in the colours that lie over it, at half opacity: what is there stays readable. */
const RELIEF = 0.75;

/**
 * A picture with a heat map over it. Where the map is low, the picture shows through, darker and greyer the more opaque
 * the map is, so that colour means heat; where it is high, the colour of the heat is as light and dark as the picture is.
 * @param heat size x size values from 0 to 1
 * @param opacity of the map where it is highest, 0 (only the picture) to 1 (only the map)
 * @returns size x size x 3 bytes
 */
export function overlay({ size, rgb }: Raster, heat: Float32Array, opacity: number): Uint8Array {
  const out = new Uint8Array(rgb.length);
  const light = 1 - DIMMING * opacity;
  const grey = FADING * opacity;
  const relief = RELIEF * Math.min(1, 2 * (1 - opacity));
  const lumas = Float32Array.from({ length: size * size }, (_, i) => lumaAt(rgb, i * 3));
  const mean = lumas.reduce((sum, luma) => sum + luma, 0) / lumas.length;
  for (let i = 0; i < size * size; i++) {
    const at = i * 3;
    const luma = lumas[i]!;
    const step = stepOf(heat[i]!) * 3;
    // The low end of the scale is nearly as dark as nothing: there the picture is worth more.
    const covered = opacity * Math.sqrt(heat[i]!);
    const shine = 1 + relief * ((luma - mean) / 255);
    for (let channel = 0; channel < 3; channel++) {
      const under = light * (rgb[at + channel]! + grey * (luma - rgb[at + channel]!));
      const over = Math.min(255, TABLE[step + channel]! * shine);
      out[at + channel] = Math.round(under + covered * (over - under));
    }
  }
  return out;
}

/** Luma after Rec. 709. */
const lumaAt = (rgb: Uint8Array, at: number): number =>
  0.2126 * rgb[at]! + 0.7152 * rgb[at + 1]! + 0.0722 * rgb[at + 2]!;

/** A map drawn over its picture; one in which no place stands out leaves the picture as it is. */
export function mapOver(
  picture: Raster,
  { map, isFlat, highest }: { readonly map: Float32Array; readonly isFlat: boolean; readonly highest?: number },
  grid: number,
): Uint8Array {
  return isFlat ? picture.rgb : overlay(picture, enlargeMap(map, grid, picture.size, highest), OPACITY);
}
