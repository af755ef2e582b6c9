import type { MeasuredMap } from '../../model/attention/index.js';
import { hasLayers } from '../../model/attention/maps.js';
import type { GroundedWord } from '../../model/grounding/index.js';
import { percent } from '../caption-view.js';
import { signed } from '../ground-view.js';
import { bar, truncate } from '../layout.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';
import { FLAT, heatScale } from './theme.js';

/** In place of a probability: the model has no calibration. */
const NOT_CALIBRATED = 'not calibrated';

const BAR = 10;
const LABEL = 13;
/** A label and the longest fact, the entropy. */
const FULL_COLUMNS = LABEL + 17;

export interface PanelSpace {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  /** Whether the map is drawn, so that there is something to say about the drawing. */
  readonly hasPicture: boolean;
}

/** What is known about the current word and its map, in at most `columns` x `rows`: in full, or in the rows there are. */
export function panelLines(
  source: AttendSource,
  state: AttendState,
  wordMap: MeasuredMap,
  space: PanelSpace,
): string[] {
  const full = fullPanel(source, state, wordMap, space);
  if (space.rows >= full.length && space.columns >= FULL_COLUMNS) return full;
  return shortPanel(source, state, wordMap, space).slice(0, space.rows);
}

function fullPanel(
  source: AttendSource,
  state: AttendState,
  wordMap: MeasuredMap,
  { columns, colors, hasPicture }: PanelSpace,
): string[] {
  const paint = painter(colors);
  const word = source.words[state.word]!;
  const fact = (label: string, value: string): string =>
    `${paint.dim(label.padEnd(LABEL))}${truncate(value, columns - LABEL)}`;
  return [
    paint.bold(truncate(word.text, columns)),
    fact('word', `${state.word + 1} of ${source.words.length}`),
    fact('probability', `${percent(word.probability)} % ${bar(word.probability, BAR)}`),
    ...frameFacts(source, state).map(([label, value]) => fact(label, value)),
    ...groundedFacts(source, state).map(([label, value]) => fact(label, value)),
    '',
    fact('method', state.method),
    ...(hasLayers(state)
      ? [fact('layer', rangeText(state.layer, source.layers)), fact('head', rangeText(state.head, source.heads))]
      : []),
    ...(hasPicture ? [fact('opacity', opacityText(state.opacity))] : []),
    '',
    fact(hasPicture && !wordMap.isFlat ? 'peak +' : 'peak', peakText(wordMap, '  ')),
    fact('entropy', entropyText(wordMap.entropy, placesOf(source, state))),
    ...(hasPicture && !wordMap.isFlat
      ? [`${paint.dim('low to high'.padEnd(LABEL))}${heatScale(Math.min(BAR, columns - LABEL), colors)}`]
      : []),
    ...(source.erased.length > 0 ? [fact('erased', `${source.erased.length} of ${source.grid ** 2} cells`)] : []),
    '',
    paint.dim(truncate(source.image, columns)),
    paint.dim(truncate(source.model, columns)),
  ];
}

function shortPanel(
  source: AttendSource,
  state: AttendState,
  wordMap: MeasuredMap,
  { columns, hasPicture }: PanelSpace,
): string[] {
  const word = source.words[state.word]!;
  const grounded = source.groundingOf(state.word);
  return [
    `${word.text} ${percent(word.probability)} % (${state.word + 1}/${source.words.length})`,
    ...(grounded ? [groundedLine(grounded)] : []),
    ...frameFacts(source, state).map(([label, value]) => `${label} ${value}`),
    hasLayers(state) ? `${state.method} layer ${state.layer} head ${state.head}` : state.method,
    wordMap.isFlat ? FLAT : `peak ${peakText(wordMap, ' ')}`,
    `entropy ${entropyText(wordMap.entropy, placesOf(source, state))}`,
    ...(hasPicture ? [`opacity ${opacityText(state.opacity)}`] : []),
  ].map((line) => truncate(line, columns));
}

/** Which frame of a clip is shown, and how much of the word's map lies in it. */
function frameFacts(source: AttendSource, state: AttendState): readonly (readonly [string, string])[] {
  const found = source.frameOf?.(state.word, state);
  return found ? [['frame', `${found.frame}: ${percent(found.share)} %`]] : [];
}

/** What the word owes to the picture, in the terms of `coca ground`; before that is known, the key that asks for it. */
function groundedFacts(source: AttendSource, { word, later }: AttendState): readonly (readonly [string, string])[] {
  if (later.includes('grounding')) return [['grounded', 'f: computes it']];
  const found = source.groundingOf(word);
  if (!found) return [];
  const { grounded, without, gain, drop, mass, similarity } = found;
  return [
    ['grounded', grounded === null ? NOT_CALIBRATED : `${percent(grounded)} % ${bar(grounded, BAR)}`],
    ['without', `${without.toFixed(2)} nats`],
    ['gain, drop', `${signed(gain)}  ${signed(drop)}`],
    ['mass, sim.', `${percent(mass)} %  ${signed(similarity)}`],
  ];
}

function groundedLine({ grounded, without, gain, drop, mass, similarity }: GroundedWord): string {
  const chance = grounded === null ? NOT_CALIBRATED : `grounded ${percent(grounded)} %`;
  const nats = `gain ${signed(gain)} drop ${signed(drop)} without ${without.toFixed(2)}`;
  return `${chance} ${nats} mass ${percent(mass)} % sim. ${signed(similarity)}`;
}

/** Where the map is highest, unless that is chance. */
function peakText({ peak, isFlat }: MeasuredMap, gap: string): string {
  return isFlat ? FLAT : `x ${peak.x.toFixed(2)}${gap}y ${peak.y.toFixed(2)}`;
}

/** "mean of 0-2", "2 of 0-2": so that a person sees how far the keys go. */
function rangeText(choice: number | string, count: number): string {
  return count === 1 ? String(choice) : `${choice} of 0-${count - 1}`;
}

function opacityText(opacity: number): string {
  return opacity === 0 ? 'picture alone' : `${Math.round(opacity * 100)} %`;
}

/** How many patches a map is spread over, in all frames of a clip. */
const placesOf = (source: AttendSource, state: AttendState): number =>
  source.grid ** 2 * (source.frameOf?.(state.word, state).of ?? 1);

function entropyText(entropy: number, places: number): string {
  return `${entropy.toFixed(2)} of ${Math.log(places).toFixed(2)} nats`;
}
