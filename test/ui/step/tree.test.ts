import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionNode } from '../../../src/model/stepper/index.js';
import { widthOf } from '../../../src/ui/layout.js';
import { treeRows } from '../../../src/ui/step/lines/tree.js';
import { treeLines } from '../../../src/ui/step/lines/tree-view.js';
import { nodeOf, stepOf, TEXTS, treeOf } from './source.js';

const draw = (snapshot = stepOf()): string[] =>
  treeLines(snapshot, { columns: 200, rows: 100, colors: 'none', scroll: 0 }).map((line) => line.trimEnd());

describe('the tree', () => {
  test('each text once, the best first; branches below the token that they stand instead of', () => {
    expect(draw().join('\n')).toMatchInlineSnapshot(`
      "tree  7 tokens
      › a small(50) dog(33)                      ● -0.300
        │ └─cat(50) on(33)                       ● -0.700
        │           └─↵(33)                      ✓ -0.900
        └─the(50)                                ✗ score"
    `);
  });

  test('the deepest branches come first, so that no line crosses a text', () => {
    const tree = treeOf([
      ...['1 0 a live -1', '2 1 b live -1', '3 2 c live -1', '5 3 d live -0.1'],
      ...['6 3 e live -0.4', '7 3 f pruned -0.4 n-gram', '8 2 g live -0.3', '9 8 h live -0.3', '10 8 i live -0.4'],
      ...['11 1 j pruned -2 min-length', '12 0 k live -0.2', '13 12 l pruned -3 by-hand'],
    ]).map((node) => ({ ...node, logprob: 0 }));
    expect(draw(stepOf({ tree, beams: [5, 6, 9, 10, 12] })).join('\n')).toMatchInlineSnapshot(`
      "tree  12 tokens
      › a b c d                                  ● -0.100
        │ │ │ ├─e                                ● -0.400
        │ │ │ └─f                                ✗ n-gram
        │ │ └─g h                                ● -0.300
        │ │     └─i                              ● -0.400
        │ └─j                                    ✗ min length
        └─k l                                    ✗ by hand"
    `);
  });

  test('a branch with something that survives goes before one that scored better and fell', () => {
    const tree = treeOf(['1 0 a pruned -0.1 score', '2 0 b live -5', '5 2 c live -5']);
    expect(
      draw(stepOf({ tree }))
        .slice(1)
        .map((line) => line.slice(2, 8)),
    ).toEqual(['b(50) ', '└─a(50']);
  });

  test('pieces of a word stand together', () => {
    const tree = treeOf(['1 0 hot+(100) live -1', '5 1 dog(100) live -1', '6 1 el(100) live -2']);
    expect(
      draw(stepOf({ tree }))
        .slice(1)
        .map((line) => line.slice(0, 12)),
    ).toEqual(['› hotdog    ', '     └─el   ']);
  });

  test('what is forced is marked, and several lines are told apart', () => {
    const first = treeOf(['1 0 a(100) live -1']);
    const second = [...first, nodeOf('5 1 zebra(100) live -9', { forced: true })];
    const snapshot = stepOf({ tree: first }, { tree: second });
    const [, row] = treeLines(snapshot, { columns: 60, rows: 9, colors: 'none', scroll: 0 });
    expect(row!.trimEnd()).toBe('› a zebra!                                 L1 ● -9.000');
  });
});

describe('the viewport', () => {
  /** One stem of 60 tokens, of which each has a sibling. */
  const tall = Array.from({ length: 60 }, (_, i) => [
    nodeOf(`${100 + i} ${99 + i} w${i}(100) live -1`),
    nodeOf(`${1000 + i} ${99 + i} s${i}(100) pruned -2 score`),
  ]).flat();
  const at = (node: number) => stepOf({ tree: tall, beams: [node, 159] });
  const frame = { columns: 60, rows: 11, colors: 'none' as const, scroll: 0 };

  test('shows the rows around the chosen text, and says what it leaves out', () => {
    const lines = treeLines(at(1030), frame);
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('tree  120 tokens, rows: 25 above, 26 below');
    expect(lines.findIndex((line) => line.startsWith('›'))).toBe(6);
    expect(lines[6]).toMatch(/s30 +● -2\.000/);
  });

  test('moves with the scroll, up to the ends', () => {
    expect(treeLines(at(159), frame)[1]).toMatch(/^› /);
    expect(treeLines(at(159), { ...frame, scroll: 20 })[0]).toBe('tree  120 tokens, rows: 15 above, 36 below');
    expect(treeLines(at(159), { ...frame, scroll: 500 })[0]).toBe('tree  120 tokens, rows: 51 above');
    expect(treeLines(at(1030), { ...frame, scroll: -500 })[0]).toBe('tree  120 tokens, rows: 51 below');
  });

  test('shows the end of a text that is longer than the screen is wide', () => {
    const row = treeLines(at(159), frame)[1]!;
    expect(row).toMatch(/^› ….*w57 w58 w59 +● -1\.000 +$/);
    expect(widthOf(row)).toBeLessThanOrEqual(60);
  });
});

test('any tree: every token stands in one row, and no line runs through a text', () => {
  const trees = fc.array(
    fc.record({ parent: fc.nat(), text: fc.constantFrom('a', 'dog', '犬', 'é'), score: fc.nat(9) }),
    {
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(trees, (list) => {
      const nodes = list.map(
        ({ parent, text, score }, i): SessionNode =>
          nodeOf(
            `${i} ${i === 0 ? -1 : (parent % (i + 1)) - 1} ${text} ${score % 2 === 0 ? 'live' : 'pruned'} ${-score}`,
          ),
      );
      const rows = treeRows(nodes, { texts: TEXTS, colors: 'any' });
      expect(rows.flatMap((row) => row.nodes.map(({ id }) => id)).sort((a, b) => a - b)).toEqual(
        nodes.map(({ id }) => id),
      );
      for (const { nodes: own, column, branch, guides } of rows) {
        for (const [i, node] of own.entries()) if (i > 0) expect(node.parent).toBe(own[i - 1]!.id);
        expect(branch === null ? 0 : branch + 2).toBe(column);
        for (const guide of guides) if (branch !== null) expect(guide).toBeLessThan(branch);
      }
      // A line that passes a row ends at a later one that branches off there, and everything in between is to its right.
      for (const [at, { guides }] of rows.entries()) {
        for (const guide of guides) {
          if (rows[at]!.branch === null) continue;
          const end = rows.findIndex((row, later) => later > at && row.branch === guide);
          expect(end).toBeGreaterThan(at);
          for (const row of rows.slice(at, end)) expect(row.column).toBeGreaterThan(guide);
        }
      }
    }),
  );
});
