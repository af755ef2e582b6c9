import type { Relation, SceneContent } from './content.js';
import { CANVAS, type Placement, SPLIT } from './layout.js';

/** Where things begin and end along one axis, on the canvas. */
type Span = readonly [from: number, to: number];

/**
 * The other relation that a pair's picture shows as well as its own: where both groups could have been laid out in halves of the other
 * direction, one above the other as well as side by side. A caption with either relation is true of it.
 * @returns the relation and whether the groups stand in it in the order in which the scene names them; undefined where there is none
 */
export function otherReading(
  { groups, relation }: SceneContent,
  placements: readonly Placement[],
): { readonly relation: Relation; readonly inOrder: boolean } | undefined {
  if (relation === null) return undefined;
  const axis = relation === 'left' ? 'y' : 'x';
  const [first, second] = groups.map(({ thing }) => span(placements, thing, axis));
  const inOrder = first![1] <= second![0];
  const [end, start] = inOrder ? [first![1], second![0]] : [second![1], first![0]];
  const middle = CANVAS / 2;
  if (end > start || start < middle - SPLIT || end > middle + SPLIT) return undefined;
  return { relation: relation === 'left' ? 'above' : 'left', inOrder };
}

function span(placements: readonly Placement[], thing: number, axis: 'x' | 'y'): Span {
  const own = placements.filter((placement) => placement.thing === thing);
  return [Math.min(...own.map((one) => one[axis])), Math.max(...own.map((one) => one[axis] + one.side))];
}
