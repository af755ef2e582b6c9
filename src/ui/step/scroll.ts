import { fallenOf } from '../../model/stepper/line.js';
import { currentLine } from '../../model/stepper/session.js';
import type { Colors } from '../terminal.js';
import type { StepLayout } from './layout.js';
import { helpHeight } from './lines/help.js';
import { chosenRow, drawnTree } from './lines/tree-view.js';
import { wantedRow } from './lines/viewport.js';
import type { StepSnapshot } from './source.js';
import type { StepState } from './state.js';

/** How far what is looked at can be scrolled, as values of the state's `scroll`. */
export function scrollRangeOf(
  snapshot: StepSnapshot,
  { mode }: StepState,
  { columns, height, lowerRows, treeColumns, pairColumns }: StepLayout,
  colors: Colors,
): readonly [least: number, most: number] {
  if (mode === 'help') return [0, Math.max(0, helpHeight(columns) - height + 3)];
  const rows = lowerRows - 1;
  if (treeColumns === 0 && pairColumns === 0)
    return [0, Math.max(0, fallenOf(currentLine(snapshot.session)).length - rows)];
  const only = pairColumns > 0 ? snapshot.session.walk.line : undefined;
  const count = drawnTree(snapshot, colors, only).rows.length;
  const first = wantedRow(chosenRow(snapshot, colors, only), rows);
  return count <= rows ? [0, 0] : [-first, count - rows - first];
}
