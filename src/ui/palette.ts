import { Chalk, type ChalkInstance } from 'chalk';
import type { Colors } from './terminal.js';

/** Colours at what the terminal can do: finer ones are brought down to it, at 'none' text stays as it is. */
export const painter = (colors: Colors): ChalkInstance => PAINTERS[colors];

const PAINTERS: Readonly<Record<Colors, ChalkInstance>> = {
  none: new Chalk({ level: 0 }),
  '16': new Chalk({ level: 1 }),
  '256': new Chalk({ level: 2 }),
  any: new Chalk({ level: 3 }),
};

type Rgb = readonly [number, number, number];

/**
 * From improbable to certain in steps of equal lightness, blue to yellow: told apart by colour-blind eyes too, and on
 * light and dark terminals alike, since the text on each is black or white by contrast. Points of matplotlib's
 * "cividis" (Nunez, Anderton and Renslow 2018).
 */
const SCALE: readonly Rgb[] = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
];

/** Less likely than not: what the model said against its own doubt. */
export const DOUBT = 1 / 2;
const STRONG_DOUBT = 1 / 4;
const STRONGEST_DOUBT = 1 / 10;

/**
 * A word that a model said with a probability: one that it was sure of as it is, others underlined, and the less likely the
 * louder: what deserves a look is seen first. Without colours the probability stands behind a doubtful word.
 */
export function doubted(text: string, probability: number, colors: Colors): string {
  if (probability >= DOUBT) return text;
  if (colors === 'none') return `${text}${doubtText(probability)}`;
  const paint = painter(colors).underline;
  if (probability >= STRONG_DOUBT) return paint(text);
  if (colors === '16') return probability < STRONGEST_DOUBT ? paint.bgYellow.black(text) : paint.yellow(text);
  const [r, g, b] = probability < STRONGEST_DOUBT ? SCALE[5]! : SCALE[4]!;
  return paint.bgRgb(r, g, b).rgb(0, 0, 0)(text);
}

/** What stands behind a doubtful word without colours. */
export function doubtText(probability: number): string {
  const whole = Math.round(probability * 100);
  return probability >= DOUBT ? '' : `(${whole === 0 && probability > 0 ? '<1' : whole}%)`;
}

/** Sixteen colours can only say: unsure, middling, sure. */
const COARSE = [
  { below: 1 / 3, paint: (p: ChalkInstance, text: string) => p.bgBlue.whiteBright(text) },
  { below: 2 / 3, paint: (p: ChalkInstance, text: string) => p.bgWhite.black(text) },
  { below: Number.POSITIVE_INFINITY, paint: (p: ChalkInstance, text: string) => p.bgYellow.black(text) },
];

/** The colour of a probability. */
export function probabilityColor(probability: number): Rgb {
  const at = Math.min(1, Math.max(0, probability)) * (SCALE.length - 1);
  const low = Math.min(Math.floor(at), SCALE.length - 2);
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(SCALE[low]![channel] + (at - low) * (SCALE[low + 1]![channel] - SCALE[low]![channel]));
  return [mix(0), mix(1), mix(2)];
}

/** `text` on the colour of a probability, in black or white, whichever is read more easily. */
export function shade(text: string, probability: number, colors: Colors): string {
  const paint = painter(colors);
  if (colors === '16') return COARSE.find(({ below }) => probability < below)!.paint(paint, text);
  const [r, g, b] = probabilityColor(probability);
  // Relative luminance after Rec. 709, on gamma-coded values: near enough to choose between two.
  const isDark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 115;
  return isDark ? paint.bgRgb(r, g, b).rgb(255, 255, 255)(text) : paint.bgRgb(r, g, b).rgb(0, 0, 0)(text);
}
