import { expect, test } from 'vitest';
import { commandOf, KEY_HELP } from '../../../src/ui/matrix/keys.js';
import { INITIAL, type MatrixState, reduce } from '../../../src/ui/matrix/state.js';

const LIMITS = { rows: 13, columns: 4 };

function after(
  state: Partial<MatrixState>,
  ...presses: readonly Parameters<typeof commandOf>[0][] | never[]
): MatrixState {
  return presses.reduce<MatrixState>(
    (now, input) => {
      const command = commandOf(input, {}, now.isHelp);
      return command && command.type !== 'quit' && command.type !== 'interrupt' ? reduce(now, command, LIMITS) : now;
    },
    { ...INITIAL, ...state },
  );
}

test('letters are arrows, and stop at the edges', () => {
  expect(after({}, 'l', 'l', 'j')).toMatchObject({ row: 1, column: 2 });
  expect(after({}, 'h', 'k')).toMatchObject({ row: 0, column: 0 });
  expect(after({ row: 12, column: 3 }, 'l', 'j')).toMatchObject({ row: 12, column: 3 });
});

test('Space goes around the words', () => {
  expect(after({ column: 3 }, ' ')).toMatchObject({ column: 0 });
});

test.each([
  [{ rightArrow: true }, { column: 2 }],
  [{ leftArrow: true }, { column: 0 }],
  [{ upArrow: true }, { row: 4 }],
  [{ downArrow: true }, { row: 6 }],
  [{ pageUp: true }, { row: 0 }],
  [{ pageDown: true }, { row: 12 }],
  [{ home: true }, { column: 0 }],
  [{ end: true }, { column: 3 }],
  [{ tab: true }, { column: 2 }],
  [{ tab: true, shift: true }, { column: 0 }],
])('%j', (key, expected) => {
  const command = commandOf('', key, false)!;
  expect(reduce({ row: 5, column: 1, isHelp: false }, command as Parameters<typeof reduce>[1], LIMITS)).toMatchObject(
    expected,
  );
});

test('the list of keys opens and closes, and q, Esc and Ctrl-C leave', () => {
  expect(after({}, '?').isHelp).toBe(true);
  expect(after({}, '?', '?').isHelp).toBe(false);
  expect(commandOf('', { escape: true }, true)).toEqual({ type: 'close-help' });
  expect(commandOf('', { escape: true }, false)).toEqual({ type: 'quit' });
  expect(commandOf('q', {}, false)).toEqual({ type: 'quit' });
  expect(commandOf('c', { ctrl: true }, false)).toEqual({ type: 'interrupt' });
  expect(commandOf('x', {}, false)).toBeUndefined();
  for (const key of KEY_HELP.flatMap(([keys]) => keys.split(/[ ,]+/)).filter((word) => word.length === 1)) {
    expect(commandOf(key, {}, false), key).toBeDefined();
  }
});
