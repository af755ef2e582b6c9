import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KEY_HELP as ATTEND, attendKeyLine } from '../../../src/ui/attend/keys.js';
import { widthOf } from '../../../src/ui/layout.js';
import { KEY_HELP as MATRIX, matrixKeyLine } from '../../../src/ui/matrix/keys.js';
import { type KeyContext, KEY_HELP as STEP, stepKeyLine } from '../../../src/ui/step/keys.js';
import { KEY_HELP as TRACE, traceKeyLine } from '../../../src/ui/trace/keys.js';
import { KEY_HELP as TRAIN, trainKeyLine } from '../../../src/ui/train/keys.js';
import { keyLine } from '../../../src/ui/view/key-line.js';

describe('a line of keys', () => {
  const hints = [
    ['a', 'one'],
    ['b', 'two'],
  ] as const;
  const always = [
    ['?', 'keys'],
    ['q', 'quit'],
  ] as const;

  test.each([
    [40, 'a one  b two  ? keys  q quit'],
    [27, 'a one  ? keys  q quit'],
    [14, '? keys  q quit'],
    [13, 'q quit'],
    [5, ''],
  ])('in %i columns', (columns, expected) => {
    expect(keyLine(hints, always, columns)).toBe(expected);
  });
});

describe.each([40, 80, 120, 200])('in %i columns', (columns) => {
  const walk: KeyContext = { mode: 'walk', hasBegun: true, isDone: false, hypotheses: 6, lines: 1 };
  const attending = { isHelp: false, isGrid: false, method: 'cross', region: null, reading: 0, later: [] } as const;
  const limits = {
    words: 7,
    frames: 1,
    grid: 8,
    layers: 3,
    heads: 6,
    methods: ['cross', 'rollout', 'gradient'],
  } as const;
  const lines: [string, string, RegExp][] = [
    ['step, under way', stepKeyLine(walk, columns), /^Space step .*\? keys {2}q quit$/],
    [
      'step, at its beginning',
      stepKeyLine({ ...walk, hasBegun: false, hypotheses: 1 }, columns),
      /^Space step {2}1-9 force .*q quit$/,
    ],
    ['step, ended', stepKeyLine({ ...walk, isDone: true }, columns), /^← undo {2}↑↓ caption .*q quit$/],
    ['step, finding', stepKeyLine({ ...walk, mode: 'find' }, columns), /Enter force it {2}Esc leave$/],
    ['step, its options', stepKeyLine({ ...walk, mode: 'options' }, columns), /Enter take them {2}Esc leave$/],
    ['step, leaving', stepKeyLine({ ...walk, mode: 'leave' }, columns), /^not saved: w save and leave/],
    ['step, help', stepKeyLine({ ...walk, mode: 'help' }, columns), /Esc close {2}q quit$/],
    ['attend', attendKeyLine(attending, limits, columns), /^←→ word .*\? keys {2}q quit$/],
    ['attend, one word', attendKeyLine(attending, { ...limits, words: 1 }, columns), /^↑↓ layer .*q quit$/],
    [
      'attend, a rectangle',
      attendKeyLine({ ...attending, region: { x: 0, y: 0, width: 1, height: 1 } }, limits, columns),
      /^Enter erase .*Esc leave$/,
    ],
    [
      'attend, erased',
      attendKeyLine({ ...attending, reading: 1 }, limits, columns),
      /^u give back {2}←→ word .*q quit$/,
    ],
    ['attend, help', attendKeyLine({ ...attending, isHelp: true }, limits, columns), /^Esc close {2}q quit$/],
    [
      'lens',
      matrixKeyLine({ isHelp: false }, { rows: 13, columns: 7 }, { row: 'layer', column: 'word' }, columns),
      /^←→ word {2}↑↓ layer .*\? keys {2}q quit$/,
    ],
    [
      'lens, help',
      matrixKeyLine({ isHelp: true }, { rows: 13, columns: 7 }, { row: 'layer', column: 'word' }, columns),
      /^Esc close {2}q quit$/,
    ],
    ['trace', traceKeyLine(false, { words: 3, sites: 4 }, columns), /^←→ word {2}↑↓ layer {2}\? keys {2}q quit$/],
    ['trace, help', traceKeyLine(true, { words: 3, sites: 4 }, columns), /^Esc close {2}q quit$/],
    ['train', trainKeyLine({ isHelp: false, last: undefined }, columns), /^w save {2}\? keys {2}q stop$/],
    ['train, help', trainKeyLine({ isHelp: true, last: undefined }, columns), /^Esc close {2}q stop$/],
  ];

  test.each(lines)('%s: the line fits, is whole, and ends with how to leave', (_, line, expected) => {
    expect(widthOf(line)).toBeLessThanOrEqual(columns);
    expect(line).not.toContain('…');
    expect(line).toMatch(expected);
  });
});

test('docs/keys.md has every key that the views list', () => {
  const [, ...rows] = readFileSync(new URL('../../../docs/keys.md', import.meta.url), 'utf8').split('\n|');
  const columns = { attend: 3, lens: 4, trace: 5, step: 6, train: 7 };
  for (const [name, help] of Object.entries({ attend: ATTEND, lens: MATRIX, trace: TRACE, step: STEP, train: TRAIN })) {
    for (const key of help.flatMap(([keys]) => keys.split(/[ ,]+/)).filter((word) => word !== '' && word !== 'then')) {
      const row = rows.find((line) => line.split('|')[0]!.split(/[ ,]+/).includes(key));
      expect(row, `${name}: ${key}`).toBeDefined();
      const cells = row!.split('|').map((cell) => cell.trim());
      // What a key does there, or the same as everywhere.
      expect(`${cells[1]}${cells[columns[name as keyof typeof columns] - 1]}`, `${name}: ${key}`).not.toBe('');
    }
  }
});
