import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../../../src/ui/layout.js';
import { type EditorState, EMPTY_EDITOR } from '../../../src/ui/repl/editor.js';
import { promptFrame } from '../../../src/ui/repl/frame.js';
import { INITIAL_PROMPT, type PromptState } from '../../../src/ui/repl/state.js';
import type { Colors } from '../../../src/ui/terminal.js';

function frame(
  editor: Partial<EditorState>,
  {
    columns = 80,
    rows = 24,
    colors = 'none' as Colors,
    now = 0,
    ...state
  }: Partial<PromptState> & {
    columns?: number;
    rows?: number;
    colors?: Colors;
    now?: number;
  } = {},
) {
  const { lines, cursor } = promptFrame(
    { ...INITIAL_PROMPT, label: 'a.png', ...state, editor: { ...EMPTY_EDITOR, ...editor } },
    { columns, rows, colors },
    now,
  );
  return { lines: lines.map(stripVTControlCharacters), cursor };
}

const items = (...labels: string[]) => labels.map((label) => ({ text: label, label, about: '', isWhole: true }));

describe('the prompt', () => {
  it('label, mark, line, cursor', () => {
    expect(frame({ text: 'rank a', cursor: 4 })).toEqual({ lines: ['a.png› rank a'], cursor: { x: 11, y: 0 } });
    expect(frame({ text: 'rank', cursor: 4 }).cursor).toEqual({ x: 11, y: 0 });
  });

  it('breaks where the terminal ends; a full row has its cursor on the next', () => {
    expect(frame({ text: '0123456789', cursor: 10 }, { columns: 12 })).toEqual({
      lines: ['a.png› 01234', '56789'],
      cursor: { x: 5, y: 1 },
    });
    expect(frame({ text: '01234', cursor: 5 }, { columns: 12 })).toEqual({
      lines: ['a.png› 01234', ''],
      cursor: { x: 0, y: 1 },
    });
  });

  it('wide characters take two columns and are not halved', () => {
    expect(frame({ text: '012犬', cursor: 3 }, { columns: 11 })).toEqual({
      lines: ['a.png› 012', '犬'],
      cursor: { x: 0, y: 1 },
    });
  });

  it('controls and line ends are shown, not obeyed', () => {
    const { lines } = frame({ text: 'a\u001b[31mb\nc\u202ed', cursor: 0 });
    expect(lines).toEqual(['a.png› a\\x1b[31mb⏎c\\u202ed']);
  });

  it('work above it, with the time once it is long; what waits; a remark below', () => {
    const work = { since: 0, status: 'looking' };
    expect(frame({}, { work, now: 400 }).lines).toEqual(['⠼ looking', 'a.png› ']);
    expect(frame({}, { work, now: 1200, queued: ['attend'] }).lines).toEqual([
      '⠹ looking · 1.2 s',
      'then: attend',
      'a.png› ',
    ]);
    expect(frame({}, { work: { since: 0, status: '' }, now: 75_000 }).lines[0]).toMatch(/^. working · 1 min 15 s$/);
    expect(frame({}, { remark: 'Ctrl-C again leaves' }).lines).toEqual(['a.png› ', 'Ctrl-C again leaves']);
  });

  it('the menu in columns, the chosen in brackets', () => {
    const menu = { start: 0, items: items('a1.png', 'a2.png', 'a10.png'), chosen: 1 };
    expect(frame({ menu }, { columns: 22 }).lines).toEqual(['a.png› ', ' a1.png   [a2.png]', ' a10.png']);
    const many = { start: 0, items: items(...Array.from({ length: 60 }, (_, i) => `file${i}`)), chosen: 40 };
    const { lines } = frame({ menu: many }, { columns: 22 });
    expect(lines).toHaveLength(9);
    expect(lines.join('\n')).toContain('[file40]');
    expect(lines.at(-1)).toBe(' 60 in all');
  });

  it('the menu with what each is beside it, where there is room', () => {
    const menu = {
      start: 0,
      items: [
        { text: 'caption', label: 'caption', about: 'captions pictures', isWhole: true },
        { text: 'rank', label: 'rank', about: 'orders captions by how well they fit a picture', isWhole: true },
      ],
      chosen: 0,
    };
    expect(frame({ menu }, { columns: 40 }).lines).toEqual([
      'a.png› ',
      '[caption] captions pictures',
      ' rank     orders captions by how well t…',
    ]);
    expect(frame({ menu }, { columns: 30 }).lines).toEqual(['a.png› ', '[caption]  rank']);
    const many = { ...menu, items: Array.from({ length: 40 }, () => menu.items[1]!), chosen: 30 };
    expect(frame({ menu: many }, { columns: 80 }).lines.slice(-2)).toEqual([
      ' rank  orders captions by how well they fit a picture',
      ' 40 in all',
    ]);
  });

  it('searching says what for', () => {
    const search = { query: 'ran', found: 0, draft: '', isMissing: false };
    expect(frame({ text: 'rank a', cursor: 0, search }).lines).toEqual(['search "ran"› rank a']);
    const older = { ...search, isMissing: true };
    expect(frame({ text: 'rank a', cursor: 0, search: older }).lines).toEqual([
      'search "ran": in no other line› rank a',
    ]);
    const none = { ...older, query: 'x', found: undefined };
    expect(frame({ text: '', cursor: 0, search: none }).lines).toEqual(['search "x": in no line› ']);
  });

  it('never larger than the terminal, the cursor always in it', () => {
    fc.assert(
      fc.property(
        fc.record({
          text: fc.string({ unit: 'grapheme', maxLength: 60 }),
          columns: fc.integer({ min: 4, max: 30 }),
          rows: fc.integer({ min: 2, max: 8 }),
          chosen: fc.option(fc.integer({ min: 0, max: 19 }), { nil: undefined }),
          isBusy: fc.boolean(),
          hasMenu: fc.boolean(),
          label: fc.string({ unit: 'grapheme', maxLength: 20 }),
        }),
        ({ text, columns, rows, chosen, isBusy, hasMenu, label }) => {
          const menu = { start: 0, items: items(...Array.from({ length: 20 }, (_, i) => `entry ${i}`)), chosen };
          const { lines, cursor } = frame(
            { text, cursor: text.length, ...(hasMenu && { menu }) },
            {
              columns,
              rows,
              label: label.replace(/[\p{C}]/gu, ''),
              ...(isBusy && { work: { since: 0, status: 'busy' } }),
            },
          );
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          expect(cursor.y).toBeLessThan(lines.length);
          expect(cursor.x).toBeLessThan(columns);
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(columns, 12));
        },
      ),
    );
  });
});
