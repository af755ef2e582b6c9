import { hypothesesOf } from '../../model/stepper/line.js';
import { currentLine, pairOf } from '../../model/stepper/session.js';
import type { Terminal } from '../terminal.js';
import { beamLines } from './lines/beams.js';
import { headLine, lineLines } from './lines/frame.js';
import { movedLines } from './lines/moved.js';
import { treeLines } from './lines/tree-view.js';
import type { StepSnapshot, StepSource } from './source.js';

/** The walk for where no keys are asked for: every beam, every finished caption, and the whole tree. */
export function staticLines(
  source: Pick<StepSource, 'image' | 'model'>,
  snapshot: StepSnapshot,
  { columns, colors }: Pick<Terminal, 'columns' | 'colors'>,
): string[] {
  const all = Number.MAX_SAFE_INTEGER;
  const rows = hypothesesOf(currentLine(snapshot.session)).length + 1;
  const { lines } = snapshot.session.walk;
  const pair = pairOf(snapshot.session.walk);
  const shown = [
    headLine(source, snapshot, columns, colors),
    '',
    ...(pair ? [...lineLines(snapshot, columns, lines.length, colors), ''] : []),
    ...beamLines(snapshot, { columns, rows, colors, back: 0 }),
    '',
    ...(pair ? [...movedLines(snapshot, snapshot.moved, 0, { columns, rows: all, colors }), ''] : []),
    ...treeLines(snapshot, { columns, rows: all, colors, scroll: 0 }),
  ];
  return shown.map((line) => line.trimEnd());
}
