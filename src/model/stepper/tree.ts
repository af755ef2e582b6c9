import { searchTree, type TreeNode } from '../decoding/results.js';
import type { Candidate, Fate } from '../decoding/state.js';
import { changeName } from './changes.js';
import type { Walk } from './session.js';

/**
 * Why a branch ended: what its likeliest continuation lost by; `by-hand`; or, of a last token, `score` for a caption
 * that better ones drove out, and `ended` for a beam that still ran when its search was over.
 */
export type Why = Exclude<Fate, 'live' | 'finished'> | 'by-hand' | 'ended';

/** A node of a session's tree. */
export interface SessionNode extends TreeNode {
  /** The line in which it was generated. */
  readonly line: number;
  /** Under what changes it was said, by their names; not there where nothing was changed. */
  readonly changes?: readonly string[];
  /** Of a pruned node that nothing follows. */
  readonly why?: Why;
}

/** Every token of every line, line by line, parents first. What survives in one line survives. */
export function sessionTree({ lines }: Pick<Walk, 'lines'>): readonly SessionNode[] {
  const nodes = new Map<number, SessionNode>();
  for (const [line, { state, changes }] of lines.entries()) {
    const under = changes.length > 0 && { changes: changes.map(changeName) };
    for (const node of searchTree(state)) {
      const known = nodes.get(node.id);
      if (known === undefined) nodes.set(node.id, { ...node, line, ...under });
      else if (known.state === 'pruned') nodes.set(node.id, { ...known, state: node.state });
    }
  }
  const followed = new Set([...nodes.values()].map(({ parent }) => parent));
  const reasons = reasonsIn(lines);
  return [...nodes.values()].map((node) =>
    node.state === 'pruned' && !followed.has(node.id) ? { ...node, why: reasons(node.id) } : node,
  );
}

/** Finds out why nothing follows a node. */
function reasonsIn(lines: Walk['lines']): (node: number) => Why {
  const byHand = new Set(lines.flatMap(({ pruned }) => pruned));
  const becoming = new Map<number, Candidate>();
  const likeliest = new Map<number, Candidate>();
  for (const candidate of lines.flatMap(({ state }) => state.considered.flat())) {
    if (candidate.node !== undefined) becoming.set(candidate.node, candidate);
    const best = likeliest.get(candidate.parent);
    if (best === undefined || candidate.logprob > best.logprob) likeliest.set(candidate.parent, candidate);
  }
  return (node) => {
    if (byHand.has(node)) return 'by-hand';
    const next = likeliest.get(node)?.fate;
    if (next !== undefined && next !== 'live' && next !== 'finished') return next;
    return becoming.get(node)?.fate === 'finished' ? 'score' : 'ended';
  };
}
