import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captionTrie, ROOT } from '../../../src/model/decoding/index.js';

describe('captionTrie', () => {
  it('evaluates what captions begin with alike once', () => {
    const { rows, targets } = captionTrie([
      [8, 1, 2, 9],
      [8, 1, 3, 9],
    ]);
    expect(rows).toEqual([
      { node: 0, parent: ROOT, token: 8 },
      { node: 1, parent: 0, token: 1 },
      { node: 2, parent: 1, token: 2 },
      { node: 3, parent: 1, token: 3 },
    ]);
    expect(targets).toEqual([
      { row: 0, token: 1, caption: 0, place: 1 },
      { row: 1, token: 2, caption: 0, place: 2 },
      { row: 2, token: 9, caption: 0, place: 3 },
      { row: 0, token: 1, caption: 1, place: 1 },
      { row: 1, token: 3, caption: 1, place: 2 },
      { row: 3, token: 9, caption: 1, place: 3 },
    ]);
  });

  it('spells every caption, parents first, no path twice', () => {
    const inner = fc.array(fc.nat(3), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(inner, { maxLength: 8 }), (middles) => {
        const captions = middles.map((ids) => [8, ...ids, 9]);
        const { rows, targets } = captionTrie(captions);
        const paths: number[][] = [];
        for (const [index, { node, parent, token }] of rows.entries()) {
          expect(node).toBe(index);
          expect(parent).toBeLessThan(index);
          paths.push(parent === ROOT ? [token] : [...paths[parent]!, token]);
        }
        expect(new Set(paths.map(String)).size).toBe(rows.length);
        for (const [caption, ids] of captions.entries()) {
          const own = targets.filter((target) => target.caption === caption);
          expect(own.map(({ row, token }) => [paths[row], token])).toEqual(
            ids.slice(1).map((token, place) => [ids.slice(0, place + 1), token]),
          );
        }
      }),
    );
  });
});
