/**
 * Pictures in the 256 colours of xterm: a cube of 6 x 6 x 6 and 24 greys. (The first 16 are whatever the terminal's theme
 * says.) The nearest of them alone would draw bands where a picture changes slowly. So each pixel is one of two colours, by
 * a pattern of thresholds (Bayer 1973, "An optimum method for two-level rendition of continuous-tone pictures"), which
 * together come near to its own. Pixels are as large as half a cell, so a pattern of unlike colours would be seen as
 * one: the two are chosen after Yliluoma's "Joel's algorithm 1" (2011, "Arbitrary-palette positional dithering algorithm"),
 * which weighs what the mixture misses against how far its colours are apart.
 */
const LEVELS = [0, 95, 135, 175, 215, 255];
const FIRST_OF_CUBE = 16;
const FIRST_GREY = 232;
const LAST = 255;

/** Thresholds of a 4 x 4 matrix, in sixteenths. */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];
/** What colours that are apart cost, against what their mixture misses; those a step of the cube apart (its square here), so much. */
const UNLIKE = 0.35;
const STEP = 0.003;

type Rgb = readonly [number, number, number];

/** The colour of an index from 16 on. */
export function xtermColor(index: number): Rgb {
  if (index >= FIRST_GREY) {
    const grey = 8 + 10 * (index - FIRST_GREY);
    return [grey, grey, grey];
  }
  const at = index - FIRST_OF_CUBE;
  return [LEVELS[Math.floor(at / 36)]!, LEVELS[Math.floor(at / 6) % 6]!, LEVELS[at % 6]!];
}

const linear = (byte: number): number => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};

/** sRGB to OKLab, in which distances are as eyes see them (Ottosson 2020; heat.ts has the way back). */
function oklab(color: Rgb): Rgb {
  const [r, g, b] = color.map(linear) as unknown as Rgb;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const PALETTE = Array.from({ length: LAST + 1 - FIRST_OF_CUBE }, (_, i) => oklab(xtermColor(FIRST_OF_CUBE + i)));

const product = (a: Rgb, b: Rgb): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Rgb, b: Rgb): Rgb => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const squared = (a: Rgb): number => product(a, a);

/** Two colours, and which part of the pixels has the second one. */
interface Mixture {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

function mixtureOf(rgb: Rgb): Mixture {
  const color = oklab(rgb);
  const away = PALETTE.map((one) => squared(minus(one, color)));
  const first = away.indexOf(Math.min(...away));
  const missed = minus(color, PALETTE[first]!);
  let best: Mixture = { first, second: first, share: 0 };
  let least = squared(missed);
  for (const [second, other] of PALETTE.entries()) {
    const step = minus(other, PALETTE[first]!);
    const length = squared(step);
    const share = length === 0 ? 0 : product(missed, step) / length;
    if (share <= 0) continue;
    const left = squared(minus(missed, [share * step[0], share * step[1], share * step[2]]));
    const cost = left + UNLIKE * (length / STEP) * length * share * (1 - share);
    if (cost < least) [best, least] = [{ first, second, share }, cost];
  }
  return best;
}

/** Colours whose first six bits are the same are mixed alike. */
const mixtures = new Map<number, Mixture>();

function knownMixture(r: number, g: number, b: number): Mixture {
  const key = ((r >> 2) << 12) | ((g >> 2) << 6) | (b >> 2);
  const known = mixtures.get(key) ?? mixtureOf([r, g, b]);
  mixtures.set(key, known);
  return known;
}

/**
 * Indices of a picture's pixels.
 * @param rgb three bytes a pixel, `columns` pixels a row
 */
export function dithered(rgb: Uint8Array, columns: number): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 }, (_, pixel) => {
    const { first, second, share } = knownMixture(rgb[pixel * 3]!, rgb[pixel * 3 + 1]!, rgb[pixel * 3 + 2]!);
    const threshold = (BAYER[4 * (Math.floor(pixel / columns) % 4) + ((pixel % columns) % 4)]! + 0.5) / BAYER.length;
    return FIRST_OF_CUBE + (share > threshold ? second : first);
  });
}
