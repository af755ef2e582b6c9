import type { SessionNode } from '../../../model/stepper/index.js';
import { cellsWidth, type Pen } from './cells.js';

/**
 * The tree as rows of text, a row for each leaf. A row goes from where it branches off along the best of what follows;
 * its own branches stand below it, each under the token that it has instead of. So one reads every text from left to
 * right, and sees what it shares with the others.
 */
export interface TreeRow {
  readonly nodes: readonly SessionNode[];
  /** Column of the first token. */
  readonly column: number;
  /** Column of the line down from the row that it branches off; null for rows that nothing comes before. */
  readonly branch: number | null;
  /** Nothing else branches off at the same place below it. */
  readonly isLast: boolean;
  /** Columns of lines that pass this row on their way down. */
  readonly guides: readonly number[];
}

/** Between a branch's corner and its text. */
const STEM = 2;

/** All rows of a tree, the best text first. Cheap for thousands of nodes; what is drawn is only what is looked at. */
export function treeRows(nodes: readonly SessionNode[], pen: Pen): readonly TreeRow[] {
  const ids = new Set(nodes.map(({ id }) => id));
  const children = new Map<number, SessionNode[]>();
  for (const node of nodes) {
    const parent = ids.has(node.parent) ? node.parent : Number.NaN;
    const siblings = children.get(parent);
    if (siblings) siblings.push(node);
    else children.set(parent, [node]);
  }
  const worth = bestScores(nodes, children);
  for (const siblings of children.values()) {
    // Stable: of equals the earlier one, which its step ranked higher.
    siblings.sort((a, b) => worth.get(b.id)! - worth.get(a.id)!);
  }
  const rows: TreeRow[] = [];
  const add = (
    first: SessionNode,
    column: number,
    branch: number | null,
    isLast: boolean,
    guides: readonly number[],
  ): void => {
    const chain: SessionNode[] = [];
    const starts: number[] = [];
    let at = column;
    for (let node: SessionNode | undefined = first; node; node = children.get(node.id)?.[0]) {
      chain.push(node);
      starts.push(at);
      at += cellsWidth([node], pen);
    }
    rows.push({ nodes: chain, column, branch, isLast, guides });
    // Tokens of this row that others stand beside; the last first, so that no line crosses a text.
    const forks = chain.flatMap((node, i) => ((children.get(node.id)?.length ?? 0) > 1 ? [i] : []));
    const passing = isLast || branch === null ? guides : [...guides, branch];
    for (const [order, i] of forks.reverse().entries()) {
      const open = forks.slice(order + 1).map((other) => starts[other + 1]!);
      addSiblings(children.get(chain[i]!.id)!.slice(1), starts[i + 1]!, [...passing, ...open]);
    }
  };
  const addSiblings = (siblings: readonly SessionNode[], branch: number, guides: readonly number[]): void => {
    for (const [i, sibling] of siblings.entries()) {
      add(sibling, branch + STEM, branch, i === siblings.length - 1, guides);
    }
  };
  const [first, ...others] = children.get(Number.NaN) ?? [];
  if (first === undefined) return rows;
  add(first, 0, null, true, others.length > 0 ? [0] : []);
  addSiblings(others, 0, []);
  return rows;
}

/** The best score that a branch has among what survives in it; -Infinity where nothing does. */
function bestScores(
  nodes: readonly SessionNode[],
  children: ReadonlyMap<number, readonly SessionNode[]>,
): ReadonlyMap<number, number> {
  const worth = new Map<number, number>();
  for (const { id, state, score } of nodes.toReversed()) {
    const below = (children.get(id) ?? []).map((child) => worth.get(child.id)!);
    const own = below.length === 0 && state !== 'pruned' ? score : -Infinity;
    worth.set(id, Math.max(own, ...below));
  }
  return worth;
}
