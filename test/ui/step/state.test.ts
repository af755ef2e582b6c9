import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { changeableOptions } from '../../../src/model/stepper/index.js';
import { commandOf, KEY_HELP, type StepCommand } from '../../../src/ui/step/keys.js';
import { INITIAL, reduce, type StepAction, type StepLimits, type StepState } from '../../../src/ui/step/state.js';
import { pressesOf } from '../../../src/ui/view/use-presses.js';

const OPTIONS = decodingOptions({ beams: 2 }, { contextLength: 77 });
/** As the view lists them. */
const NAMES = changeableOptions(OPTIONS);
const LIMITS: StepLimits = { tokens: 3, matches: 3, scroll: [-4, 9], options: OPTIONS };
const run = (actions: readonly StepAction[], from: StepState = INITIAL): StepState =>
  actions.reduce((state, action) => reduce(state, action, LIMITS), from);

const find: StepAction = { type: 'open-find' };
const options: StepAction = { type: 'open-options' };
const type = (text: string): StepAction => ({ type: 'type', text });
const move = (by: 1 | -1): StepAction => ({ type: 'move', by });
const adjust = (by: 1 | -1): StepAction => ({ type: 'adjust', by });
const PENALTY = [move(1), move(1), move(1)];

describe('reduce', () => {
  test.each<[StepAction[], Partial<StepState>]>([
    [[{ type: 'token-before' }], { back: 1 }],
    [Array(9).fill({ type: 'token-before' }), { back: 2 }],
    [[{ type: 'token-before' }, { type: 'token-after' }, { type: 'token-after' }], { back: 0 }],
    [
      [
        { type: 'scroll', by: 8 },
        { type: 'scroll', by: 8 },
        { type: 'scroll', by: -1 },
      ],
      { scroll: 8 },
    ],
    [[{ type: 'scroll', by: -99 }], { scroll: -4 }],
    [[{ type: 'toggle-lower' }], { isOther: true }],
    [[{ type: 'toggle-attention' }], { isAttending: true }],
    [[{ type: 'toggle-attention' }, { type: 'toggle-attention' }], {}],
    [[{ type: 'toggle-help' }], { mode: 'help' }],
    [[{ type: 'toggle-help' }, { type: 'close' }], {}],
    [[find, type('do'), type('g')], { mode: 'find', query: 'dog' }],
    [[find, type('dög'), { type: 'erase' }], { mode: 'find', query: 'dö' }],
    [[find, move(1), move(1)], { mode: 'find', match: 2 }],
    [[find, move(-1)], { mode: 'find', match: 2 }],
    [[find, move(1), type('d')], { mode: 'find', match: 0, query: 'd' }],
    [[find, adjust(1)], { mode: 'find' }],
    [[options, adjust(1)], { mode: 'options', draft: { beams: '3' } }],
    [[options, type('1'), type('2')], { mode: 'options', draft: { beams: '12' } }],
    [[options, { type: 'erase' }], { mode: 'options', draft: { beams: '' } }],
    [[options, ...PENALTY, adjust(1), adjust(1)], { mode: 'options', row: 3, draft: { lengthPenalty: '1.2' } }],
    [[options, ...PENALTY, type('x'), adjust(1)], { mode: 'options', row: 3, draft: { lengthPenalty: 'x' } }],
    [
      [options, move(-1), move(-1), move(-1), adjust(-1)],
      { mode: 'options', row: 4, draft: { earlyStopping: 'never' } },
    ],
    [[options, adjust(1), { type: 'close' }, options], { mode: 'options', draft: {} }],
    [[find, { type: 'token-before' }, { type: 'ask' }], { mode: 'walk', back: 0 }],
  ])('%j', (actions, expected) => {
    expect(run(actions)).toEqual({ ...INITIAL, ...expected });
  });

  test('a message stays until the next key', () => {
    const said = run([{ type: 'say', message: 'saved' }]);
    expect(said.message).toBe('saved');
    expect(run([{ type: 'ask' }], said).message).toBe('');
    expect(run([{ type: 'token-after' }], said).message).toBe('');
  });

  test('what changes nothing is the same state', () => {
    expect(run([{ type: 'ask' }, { type: 'say', message: '' }])).toBe(INITIAL);
  });

  test('any keys lead to a state that can be shown', () => {
    const inputs = fc.oneof(
      fc.constantFrom(...'  rxeabo/?tw[]q19'),
      fc.constantFrom('\r', '\t', '\u007f', 'ö', '7', '.'),
    );
    const keys = fc.constantFrom(
      {},
      { upArrow: true },
      { downArrow: true },
      { leftArrow: true },
      { escape: true },
      { pageUp: true },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(inputs, keys)), (presses) => {
        let state = INITIAL;
        for (const [input, key] of presses) {
          const command = commandOf(input, key, state);
          if (command?.type === 'look') state = reduce(state, command.action, LIMITS);
          if (command?.type === 'ask' || command?.type === 'accept') state = reduce(state, { type: 'ask' }, LIMITS);
          expect(state.back).toBeLessThan(LIMITS.tokens);
          expect(state.match).toBeLessThan(LIMITS.matches);
          expect(state.row).toBeLessThan(NAMES.length);
        }
      }),
    );
  });
});

describe('keys', () => {
  const at = (mode: StepState['mode'], more: Partial<StepState> = {}): StepState => ({ ...INITIAL, mode, ...more });
  const ask = (request: object) => ({ type: 'ask', request });
  const look = (action: object) => ({ type: 'look', action });

  test.each<[string, object, unknown]>([
    [' ', {}, ask({ type: 'next' })],
    ['', { rightArrow: true }, ask({ type: 'next' })],
    ['', { return: true }, ask({ type: 'next' })],
    ['', { leftArrow: true }, ask({ type: 'undo' })],
    ['r', {}, ask({ type: 'redo' })],
    ['', { home: true }, ask({ type: 'undo', times: 'all' })],
    ['', { end: true }, ask({ type: 'redo', times: 'all' })],
    ['', { upArrow: true }, ask({ type: 'choose', to: 'up' })],
    ['', { downArrow: true }, ask({ type: 'choose', to: 'down' })],
    ['1', {}, ask({ type: 'force', target: { candidate: 1 } })],
    ['9', {}, ask({ type: 'force', target: { candidate: 9 } })],
    ['0', {}, undefined],
    ['b', {}, ask({ type: 'fork', back: 2 })],
    ['x', {}, ask({ type: 'prune' })],
    ['e', {}, ask({ type: 'run' })],
    ['', { tab: true }, ask({ type: 'line', line: 'next' })],
    ['/', {}, look({ type: 'open-find' })],
    ['o', {}, look({ type: 'open-options' })],
    ['a', {}, look({ type: 'toggle-attention' })],
    ['t', {}, look({ type: 'toggle-lower' })],
    ['[', {}, look({ type: 'token-before' })],
    [']', {}, look({ type: 'token-after' })],
    ['', { pageDown: true }, look({ type: 'scroll', by: 8 })],
    ['?', {}, look({ type: 'toggle-help' })],
    ['w', {}, { type: 'save' }],
    ['q', {}, { type: 'quit' }],
    ['', { escape: true }, { type: 'stop' }],
    ['c', { ctrl: true }, { type: 'interrupt' }],
    ['d', { ctrl: true }, undefined],
    ['x', { meta: true }, undefined],
    ['constructor', {}, undefined],
  ])('%j %j in a walk', (input, key, expected) => {
    expect(commandOf(input, key, at('walk', { back: 2 }))).toEqual(expected);
  });

  test.each<[string, object, unknown]>([
    ['q', {}, look({ type: 'type', text: 'q' })],
    [' ', {}, look({ type: 'type', text: ' ' })],
    ['1', {}, look({ type: 'type', text: '1' })],
    ['', { return: true }, { type: 'accept' }],
    ['', { escape: true }, look({ type: 'close' })],
    ['', { backspace: true }, look({ type: 'erase' })],
    ['', { delete: true }, look({ type: 'erase' })],
    ['', { upArrow: true }, look({ type: 'move', by: -1 })],
    ['', { rightArrow: true }, look({ type: 'adjust', by: 1 })],
    ['', { tab: true }, look({ type: 'move', by: 1 })],
    ['', { tab: true, shift: true }, look({ type: 'move', by: -1 })],
    ['c', { ctrl: true }, { type: 'interrupt' }],
  ])('%j %j where one types', (input, key, expected) => {
    for (const mode of ['find', 'options'] as const) expect(commandOf(input, key, at(mode))).toEqual(expected);
  });

  test.each<[string, object, unknown]>([
    ['?', {}, look({ type: 'close' })],
    ['', { escape: true }, look({ type: 'close' })],
    ['', { downArrow: true }, look({ type: 'scroll', by: 1 })],
    ['q', {}, { type: 'quit' }],
    ['x', {}, undefined],
  ])('%j %j in the help', (input, key, expected) => {
    expect(commandOf(input, key, at('help'))).toEqual(expected);
  });

  test('every letter that the help names does something', () => {
    for (const key of KEY_HELP.flatMap(([keys]) => keys.split(' ')).filter((word) => word.length === 1)) {
      expect(commandOf(key, {}, INITIAL), key).toBeDefined();
    }
  });

  test('keys that arrive together are single presses', () => {
    const commands = (input: string): (StepCommand | undefined)[] => {
      let state = INITIAL;
      return pressesOf(input, {}).map((press) => {
        const command = commandOf(press.input, press.key, state);
        if (command?.type === 'look') state = reduce(state, command.action, LIMITS);
        return command;
      });
    };
    expect(commands('  /og\r').map((command) => command?.type)).toEqual([
      'ask',
      'ask',
      'look',
      'look',
      'look',
      'accept',
    ]);
    expect(commands('/a\u007fb').at(-1)).toEqual(look({ type: 'type', text: 'b' }));
    expect(commands('x\u0003').at(-1)).toEqual({ type: 'interrupt' });
    expect(pressesOf('', { upArrow: true })).toEqual([{ input: '', key: { upArrow: true } }]);
  });
});
