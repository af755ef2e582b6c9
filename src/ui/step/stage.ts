import type { MeasuredMap } from '../../model/attention/index.js';
import type { Moved } from '../../model/stepper/index.js';
import { chosenOf } from '../../model/stepper/line.js';
import { currentLine, type LinePair, pairOf } from '../../model/stepper/session.js';
import { mapDrawable } from '../attend/canvas.js';
import { padEnd } from '../layout.js';
import { type Encode, MOST_PIXELS, plain } from '../picture/encode.js';
import { OPACITY } from '../picture/heat.js';
import type { Colors } from '../terminal.js';
import type { Painting } from '../view/screen.js';
import type { StepLayout } from './layout.js';
import { beamLines } from './lines/beams.js';
import { candidateLines } from './lines/candidates.js';
import { changeLines, changesText } from './lines/changes.js';
import { fallenLines } from './lines/fallen.js';
import { findLines } from './lines/find.js';
import { footLine, headLine, lineLines } from './lines/frame.js';
import { helpLines } from './lines/help.js';
import { movedLines } from './lines/moved.js';
import { optionLines } from './lines/options.js';
import { type TreeFrame, treeLines, treeWidth } from './lines/tree-view.js';
import type { Found, StepSnapshot, StepSource } from './source.js';
import type { StepState } from './state.js';

/** What is looked at, beside the walk itself. */
export interface Looking {
  readonly state: StepState;
  readonly found: readonly Found[];
  /** What differs most between two lines, at the token that is looked at. */
  readonly moved: readonly Moved[];
  /** What the last line says in place of the keys. */
  readonly remark: string;
  /** What the first line says of the map that is shown. */
  readonly mapRemark: string;
}

const GAP = 2;
/** What stands beside the tree moves seldom, and is no wider than one reads. */
const TREE_STEP = 8;
const MOST_FALLEN = 100;

/** The text of the whole screen, each line up to the edge or the picture: what was there before is painted over. */
export function textPainting(
  source: StepSource,
  snapshot: StepSnapshot,
  looking: Looking,
  layout: StepLayout,
  colors: Colors,
): Painting {
  const { columns, pictureRows } = layout;
  const [from, to] = looking.state.mode === 'help' ? [0, 0] : pictureRange(layout);
  const lines = stageLines(source, snapshot, looking, layout, colors);
  const cells = lines.map((line, row) => padEnd(line, row >= from && row < to ? columns - 2 * pictureRows : columns));
  return { row: 0, column: 0, drawing: { cells } };
}

/** The rows that the picture stands beside. */
function pictureRange({ hasHeader, lineRows, gapRows, pictureRows }: StepLayout): [from: number, to: number] {
  const from = (hasHeader ? 1 : 0) + lineRows + gapRows;
  return [from, from + pictureRows];
}

/** The text of the whole screen. */
export function stageLines(
  source: StepSource,
  snapshot: StepSnapshot,
  looking: Looking,
  layout: StepLayout,
  colors: Colors,
): string[] {
  const { columns, height, hasHeader, hasKeys } = layout;
  const { state, remark } = looking;
  const middle = height - (hasHeader ? 1 : 0) - (hasKeys ? 1 : 0);
  const body =
    state.mode === 'help'
      ? helpLines(columns, middle, state.scroll, colors)
      : bodyLines(source, snapshot, looking, layout, colors);
  // A question that cannot be seen is no question.
  const hasFoot = hasKeys || state.mode === 'leave';
  return [
    ...(hasHeader ? [headLine(source, snapshot, columns, colors, looking.mapRemark)] : []),
    ...filled(body, hasFoot && !hasKeys ? middle - 1 : middle),
    ...(hasFoot ? [footLine(remark, state.mode, snapshot, columns, colors)] : []),
  ];
}

function bodyLines(
  source: StepSource,
  snapshot: StepSnapshot,
  looking: Looking,
  layout: StepLayout,
  colors: Colors,
): string[] {
  const { columns, left, beamRows, panelRows, lineRows, gapRows, lowerRows } = layout;
  const beams = beamLines(snapshot, { columns: left, rows: beamRows, colors, back: looking.state.back });
  const gap = filled([], gapRows);
  return [
    ...lineLines(snapshot, columns, lineRows, colors),
    ...gap,
    ...filled(beams, beamRows),
    ...gap,
    ...filled(panel(source, snapshot, looking, layout, colors), panelRows),
    ...gap,
    ...filled(lower(snapshot, looking.state, layout, colors), lowerRows),
  ];
}

function filled(lines: readonly string[], rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => lines[row] ?? '');
}

/** What may follow, and beside it what a change moved most; or what was found, the options, or what is to be changed. */
function panel(
  source: StepSource,
  snapshot: StepSnapshot,
  { state, found, moved }: Looking,
  { left: columns, panelRows: rows, movedColumns }: StepLayout,
  colors: Colors,
): string[] {
  const frame = { columns, rows, colors };
  const { mode, query, match, row, draft, back } = state;
  const line = currentLine(snapshot.session);
  if (mode === 'find') {
    const isFinished = chosenOf(line).kind === 'finished';
    return findLines({ query, found, texts: snapshot.texts, match, isFinished }, frame);
  }
  if (mode === 'options') return optionLines(line.state.options, row, draft, frame);
  if (mode === 'change') return changeLines(source, state.verb, query, frame);
  if (movedColumns === 0) return candidateLines(snapshot, frame);
  const width = columns - movedColumns - GAP;
  const beside = movedLines(snapshot, moved, back, { ...frame, columns: movedColumns });
  return sideBySide(candidateLines(snapshot, { ...frame, columns: width }), beside, width, rows);
}

/** Two columns of lines, the first so wide. */
function sideBySide(left: readonly string[], right: readonly string[], width: number, rows: number): string[] {
  return filled([], rows).map((_, at) => `${padEnd(left[at] ?? '', width + GAP)}${right[at] ?? ''}`);
}

/** The trees of two lines that differ by a change. */
function pairLines(snapshot: StepSnapshot, { before, after }: LinePair, frame: TreeFrame): string[] {
  const { session } = snapshot;
  const treeOf = (line: number): string[] => {
    const under = changesText(session, line);
    const title = `line ${line}${under === '' ? '' : ` ${under}`}`;
    // What is scrolled is the line that is looked at.
    const scroll = line === session.walk.line ? frame.scroll : 0;
    return treeLines(snapshot, { ...frame, scroll, only: { line, title } });
  };
  return sideBySide(treeOf(before), treeOf(after), frame.columns, frame.rows);
}

/** The tree and what fell at the last step: side by side, or one of them. */
function lower(snapshot: StepSnapshot, { scroll }: StepState, layout: StepLayout, colors: Colors): string[] {
  const { columns, fallenColumns, pairColumns, lowerRows: rows } = layout;
  const pair = pairOf(snapshot.session.walk);
  if (pair && pairColumns > 0) return pairLines(snapshot, pair, { columns: pairColumns, rows, colors, scroll });
  const needed = TREE_STEP * Math.ceil(treeWidth(snapshot, colors) / TREE_STEP);
  const treeColumns = fallenColumns === 0 ? columns : Math.min(layout.treeColumns, needed);
  const beside = Math.min(columns - treeColumns - GAP, MOST_FALLEN);
  const fallen = fallenLines(snapshot, { columns: layout.treeColumns === 0 ? columns : beside, rows, colors }, scroll);
  if (layout.treeColumns === 0) return fallen;
  const tree = treeLines(snapshot, { columns: treeColumns, rows, colors, scroll });
  if (fallenColumns === 0) return tree;
  return sideBySide(tree, fallen, treeColumns, rows);
}

/**
 * The picture, in the room that the text leaves.
 * @param map where the token looks that is chosen; nothing for the picture alone
 */
export function picturePaintings(
  { picture, grid }: Pick<StepSource, 'picture' | 'grid'>,
  map: MeasuredMap | undefined,
  layout: StepLayout,
  encode: Encode,
): Painting[] {
  const { columns, pictureRows } = layout;
  if (pictureRows === 0) return [];
  const shown = map ? mapDrawable({ picture, grid, wordMap: map, opacity: OPACITY }) : plain(picture);
  const drawing = encode(shown, pictureRows, MOST_PIXELS);
  return [{ row: pictureRange(layout)[0], column: columns - 2 * pictureRows, drawing }];
}
