import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../../src/ui/layout.js';
import { layoutOf } from '../../../src/ui/step/layout.js';
import { clip, clipStart, type Span, spansWidth } from '../../../src/ui/step/lines/cells.js';

const wanted = { lines: 1, hypotheses: 6, isAttending: false, hasPicture: true, isOther: false, isPaired: false };

describe('layout', () => {
  test.each([
    [80, 24, {}, { left: 80, beamRows: 7, panelRows: 7, lowerRows: 7, pictureRows: 0, fallenColumns: 0 }],
    [80, 24, { isAttending: true }, { left: 50, pictureRows: 14 }],
    [80, 24, { isOther: true }, { treeColumns: 0, fallenColumns: 80 }],
    [80, 24, { lines: 3 }, { lineRows: 3, beamRows: 6, panelRows: 6, lowerRows: 6 }],
    [
      120,
      40,
      {},
      { left: 82, beamRows: 7, panelRows: 10, lowerRows: 17, pictureRows: 18, gapRows: 1, fallenColumns: 48 },
    ],
    [120, 40, { hypotheses: 16 }, { beamRows: 11, panelRows: 10, lowerRows: 13 }],
    [120, 40, { isOther: true }, { treeColumns: 120, fallenColumns: 0 }],
    [200, 60, { hypotheses: 16 }, { beamRows: 17, panelRows: 10, lowerRows: 27, pictureRows: 28 }],
    [40, 12, {}, { beamRows: 3, panelRows: 6, lowerRows: 0, pictureRows: 0 }],
    [20, 6, {}, { beamRows: 4, panelRows: 0, lowerRows: 0, hasHeader: true, hasKeys: false }],
    [10, 3, {}, { height: 2, beamRows: 2, hasHeader: false, hasKeys: false }],
    [80, 24, { isAttending: true, hasPicture: false }, { left: 80, pictureRows: 0 }],
    [200, 60, { hasPicture: false }, { left: 200, pictureRows: 0 }],
    [80, 24, { lines: 2, isPaired: true }, { lineRows: 2, pairColumns: 39, movedColumns: 40 }],
    [80, 24, { isPaired: true, isOther: true }, { pairColumns: 0, fallenColumns: 80 }],
    [120, 40, { isPaired: true }, { pairColumns: 59, movedColumns: 41, left: 82 }],
    [40, 24, { isPaired: true }, { pairColumns: 0, movedColumns: 0 }],
    [1, 1, { isAttending: true }, { height: 1, beamRows: 1, pictureRows: 0 }],
  ])('%i x %i %j', (columns, rows, more, expected) => {
    expect(layoutOf(columns, rows, { ...wanted, ...more })).toMatchObject(expected);
  });

  test('everything has its place, and none too much', () => {
    const wishes = fc.record({
      lines: fc.integer({ min: 1, max: 9 }),
      hypotheses: fc.integer({ min: 1, max: 40 }),
      isAttending: fc.boolean(),
      hasPicture: fc.boolean(),
      isOther: fc.boolean(),
      isPaired: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 100 }), wishes, (columns, rows, want) => {
        const at = layoutOf(columns, rows, want);
        expect(at.height).toBe(Math.max(1, rows - 1));
        const frame = (at.hasHeader ? 1 : 0) + (at.hasKeys ? 1 : 0) + at.lineRows + 3 * at.gapRows;
        expect(frame + at.beamRows + at.panelRows + at.lowerRows).toBe(at.height);
        for (const part of [at.beamRows, at.panelRows, at.lowerRows, at.left]) expect(part).toBeGreaterThanOrEqual(0);
        expect(at.pictureRows).toBeLessThanOrEqual(at.beamRows + at.gapRows + at.panelRows);
        expect(2 * at.pairColumns).toBeLessThan(columns);
        expect(at.movedColumns).toBeLessThanOrEqual(at.left / 2);
        if (at.pictureRows > 0) expect(at.left + 2 + 2 * at.pictureRows).toBe(columns);
        if (at.treeColumns > 0 && at.fallenColumns > 0) expect(at.treeColumns + 2 + at.fallenColumns).toBe(columns);
      }),
    );
  });
});

describe('clip', () => {
  const spans: Span[] = [{ text: 'ab' }, { text: '犬犬', style: (text) => `<${text}>` }, { text: 'cd' }];

  test.each([
    [0, 8, 'ab<犬犬>cd'],
    [0, 9, 'ab<犬犬>cd'],
    [0, 7, 'ab<犬犬>…'],
    [0, 6, 'ab<犬 >…'],
    [1, 7, '…<犬犬>cd'],
    [2, 6, '…< 犬>cd'],
    [7, 3, '…'],
    [0, 0, ''],
    [0, 1, '…'],
  ])('from %i, %i wide: %s', (from, width, expected) => expect(clip(spans, from, width)).toBe(expected));

  test('the end of what is too long', () => {
    expect(clipStart(spans, 5)).toBe('…<犬>cd');
    expect(clipStart(spans, 8)).toBe('ab<犬犬>cd');
  });

  test('is never wider than asked', () => {
    const texts = fc.array(fc.constantFrom('a', '犬', 'dog', 'é', '👍🏽', 'e\u0301'), { maxLength: 12 });
    fc.assert(
      fc.property(texts, fc.nat(20), fc.nat(20), (list, from, width) => {
        const own = list.map((text) => ({ text }));
        expect(widthOf(clip(own, from, width))).toBeLessThanOrEqual(width);
        if (from === 0 && width >= spansWidth(own)) expect(clip(own, from, width)).toBe(list.join(''));
      }),
    );
  });
});
