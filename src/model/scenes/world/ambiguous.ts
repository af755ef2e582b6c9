import type { SceneContent } from './content.js';
import { CANVAS, type Placement, SPLIT } from './layout.js';

/** Where things begin and end along one axis, on the canvas. */
type Span = readonly [from: number, to: number];

/**
 * The other way in which a pair's picture can be read: where both groups could have been laid out in halves of the other direction, one
 * above the other as well as side by side. A caption of either is true of it.
 * @returns the scene as it is read then; undefined where its own relation is the only one
 */
export function otherReading(content: SceneContent, placements: readonly Placement[]): SceneContent | undefined {
  const { groups, relation } = content;
  if (relation === null) return undefined;
  const axis = relation === 'left' ? 'y' : 'x';
  const [first, second] = groups.map(({ thing }) => span(placements, thing, axis));
  const inOrder = first![1] <= second![0];
  const [end, start] = inOrder ? [first![1], second![0]] : [second![1], first![0]];
  const middle = CANVAS / 2;
  if (end > start || start < middle - SPLIT || end > middle + SPLIT) return undefined;
  return {
    ...content,
    relation: relation === 'left' ? 'above' : 'left',
    groups: inOrder ? groups : [...groups].reverse(),
  };
}

function span(placements: readonly Placement[], thing: number, axis: 'x' | 'y'): Span {
  const own = placements.filter((placement) => placement.thing === thing);
  return [Math.min(...own.map((one) => one[axis])), Math.max(...own.map((one) => one[axis] + one.side))];
}
