import { hypothesesOf } from '../../model/stepper/line.js';
import { currentLine } from '../../model/stepper/session.js';
import type { Terminal } from '../terminal.js';
import { beamLines } from './lines/beams.js';
import { headLine } from './lines/frame.js';
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
  const lines = [
    headLine(source, snapshot, columns, colors),
    '',
    ...beamLines(snapshot, { columns, rows, colors, back: 0 }),
    '',
    ...treeLines(snapshot, { columns, rows: all, colors, scroll: 0 }),
  ];
  return lines.map((line) => line.trimEnd());
}
