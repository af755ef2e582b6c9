import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandOf, KEY_HELP } from '../../../src/ui/attend/keys.js';
import { type AttendAction, type AttendState, initialState, OPACITIES, reduce } from '../../../src/ui/attend/state.js';

const LIMITS = { words: 3, frames: 1, grid: 4, layers: 2, heads: 2, methods: ['cross', 'rollout'] } as const;
const START = initialState({ method: 'cross', layer: 'mean', head: 'mean' }, 0);

const WALKING = { isHelp: false, region: null };

const run = (types: readonly string[], from: AttendState = START): AttendState =>
  types.reduce((state, type) => reduce(state, { type } as AttendAction, LIMITS), from);

describe('reduce', () => {
  test.each<[string[], Partial<AttendState>]>([
    [['next-word'], { word: 1 }],
    [['next-word', 'next-word', 'next-word'], { word: 0 }],
    [['previous-word'], { word: 2 }],
    [['last-word'], { word: 2 }],
    [['last-word', 'first-word'], { word: 0 }],
    [['next-layer'], { layer: 'last' }],
    [['next-layer', 'next-layer'], { layer: 0 }],
    [['previous-layer'], { layer: 1 }],
    [['next-head'], { head: 0 }],
    [['next-head', 'next-head', 'next-head'], { head: 'mean' }],
    [['previous-head'], { head: 1 }],
    [['next-method'], { method: 'rollout' }],
    [['next-method', 'next-method'], { method: 'cross' }],
    [['more-opacity'], { opacity: 0.7 }],
    [['more-opacity', 'more-opacity', 'more-opacity'], { opacity: 0 }],
    [['toggle-grid'], { isGrid: true }],
    [['toggle-text'], { isText: true }],
    [['toggle-text', 'toggle-text'], { isText: false }],
    [['toggle-grid', 'toggle-text'], { isText: true, isGrid: false }],
    [['toggle-text', 'toggle-grid'], { isText: false, isGrid: true }],
    [['toggle-grid', 'ground'], { isGrid: false }],
    [['toggle-text', 'ground'], { isText: false }],
    [['toggle-help'], { isHelp: true }],
    [['toggle-help', 'toggle-help'], { isHelp: false }],
    [['toggle-help', 'close-help'], { isHelp: false }],
    [['toggle-help', 'toggle-grid'], { isHelp: false, isGrid: true }],
  ])('%j', (types, expected) => {
    expect(run(types)).toEqual({ ...START, ...expected });
  });

  test('a rectangle stays within the picture, and is never nothing', () => {
    const act = (state: AttendState, ...actions: readonly AttendAction[]) =>
      actions.reduce((from, action) => reduce(from, action, LIMITS), state);
    const open = act(START, { type: 'open-region', region: { x: 2, y: 0, width: 2, height: 3 } });
    const move = (x: number, y: number): AttendAction => ({ type: 'move-region', x, y });
    const size = (x: number, y: number): AttendAction => ({ type: 'size-region', x, y });
    expect(act(open, move(1, 0)).region).toEqual({ x: 2, y: 0, width: 2, height: 3 });
    expect(act(open, move(-1, 0), move(0, 1), move(0, 1)).region).toEqual({ x: 1, y: 1, width: 2, height: 3 });
    expect(act(open, size(1, 0), size(0, 1), size(0, 1)).region).toEqual({ x: 2, y: 0, width: 2, height: 4 });
    expect(act(open, size(-1, -1), size(-1, -1), size(-1, -1)).region).toEqual({ x: 2, y: 0, width: 1, height: 1 });
    expect(act(open, { type: 'close-region' })).toEqual(START);
  });

  test('another reading has its own words, and methods that it has', () => {
    const at = { ...START, word: 2, method: 'rollout' as const, isReading: true };
    const read = reduce(at, { type: 'read', reading: 1, words: 2, later: ['words'] }, LIMITS);
    expect(read).toMatchObject({
      reading: 1,
      words: 2,
      word: 1,
      method: 'rollout',
      isReading: false,
      later: ['words'],
    });
    expect(reduce(read, { type: 'next-word' }, LIMITS).word).toBe(0);
    const occluded = { ...at, method: 'occlusion' as const };
    expect(reduce(occluded, { type: 'read', reading: 1, words: 2, later: ['occlusion'] }, LIMITS).method).toBe('cross');
  });

  test('a message stays until the next key', () => {
    const said = reduce(START, { type: 'say', message: 'saved' }, LIMITS);
    expect(said.message).toBe('saved');
    expect(run(['next-word'], said).message).toBe('');
  });

  describe('what is computed when it is first asked for', () => {
    const limits = { ...LIMITS, methods: ['cross', 'gradient', 'occlusion'] } as const;
    const from = initialState({ method: 'gradient', layer: 0, head: 'mean' }, 0, ['occlusion']);
    const reached = (...actions: readonly AttendAction[]) =>
      actions.reduce((state, action) => reduce(state, action, limits), from);
    const asked = { type: 'next-method' } as const;
    const computed = { type: 'computed', what: 'occlusion' } as const;

    test('is shown once it is there, and what was shown stays until then', () => {
      expect(reached(asked)).toMatchObject({ method: 'gradient', awaited: 'occlusion' });
      expect(reached(asked, { type: 'next-word' })).toMatchObject({ word: 1, awaited: 'occlusion' });
      expect(reached(asked, { type: 'progress', part: 0.5 }).part).toBe(0.5);
      expect(reached(asked, computed)).toMatchObject({ method: 'occlusion', awaited: null, later: [] });
    });

    test('another method takes its place; it is there when it is asked for again', () => {
      expect(reached(asked, asked)).toMatchObject({ method: 'cross', awaited: null });
      expect(reached(asked, asked, computed)).toMatchObject({ method: 'cross', later: [] });
      expect(reached(asked, asked, computed, asked, asked)).toMatchObject({ method: 'occlusion', awaited: null });
    });

    test('where it fails, that is said and nothing changes', () => {
      const failed = reached(asked, { type: 'failed', message: 'no memory' });
      expect(failed).toMatchObject({ method: 'gradient', awaited: null, message: 'no memory', later: ['occlusion'] });
    });

    test('it has no layers and heads', () => {
      const state = reached(asked, computed, { type: 'next-layer' }, { type: 'previous-head' });
      expect(state).toMatchObject({ layer: 0, head: 'mean', message: expect.stringContaining('no layers') });
    });
  });

  const actions = fc.constantFrom(
    ...['next-word', 'previous-word', 'first-word', 'last-word', 'next-layer', 'previous-layer', 'next-head'],
    ...['previous-head', 'next-method', 'more-opacity', 'toggle-grid', 'toggle-help', 'close-help'],
  );

  test('any keys lead to a state that can be shown', () => {
    const limits = fc.record({
      words: fc.integer({ min: 1, max: 80 }),
      layers: fc.integer({ min: 1, max: 24 }),
      heads: fc.integer({ min: 1, max: 16 }),
    });
    fc.assert(
      fc.property(limits, fc.array(actions), (sizes, types) => {
        const all = { ...sizes, frames: 1, grid: 4, methods: LIMITS.methods };
        const state = types.reduce((from, type) => reduce(from, { type } as AttendAction, all), START);
        expect(state.word).toBeGreaterThanOrEqual(0);
        expect(state.word).toBeLessThan(sizes.words);
        expect(['mean', 'last', ...Array(sizes.layers).keys()]).toContain(state.layer);
        expect(['mean', ...Array(sizes.heads).keys()]).toContain(state.head);
        expect(all.methods).toContain(state.method);
        expect(OPACITIES).toContain(state.opacity);
      }),
    );
  });

  test('each step has one that undoes it', () => {
    fc.assert(
      fc.property(fc.array(actions), fc.constantFrom('word', 'layer', 'head'), (types, what) => {
        const state = { ...run(types), message: '' };
        expect(run([`next-${what}`, `previous-${what}`], state)).toEqual(state);
      }),
    );
  });
});

describe('commandOf', () => {
  test.each([
    ['', { rightArrow: true }, 'next-word'],
    ['', { leftArrow: true }, 'previous-word'],
    ['', { home: true }, 'first-word'],
    ['', { end: true }, 'last-word'],
    ['', { upArrow: true }, 'next-layer'],
    ['', { downArrow: true }, 'previous-layer'],
    ['n', {}, 'next-head'],
    ['N', { shift: true }, 'previous-head'],
    ['h', {}, 'previous-word'],
    ['j', {}, 'previous-layer'],
    ['k', {}, 'next-layer'],
    ['l', {}, 'next-word'],
    [' ', {}, 'next-word'],
    ['', { tab: true }, 'next-word'],
    ['', { tab: true, shift: true }, 'previous-word'],
    ['w', {}, 'save'],
    ['m', {}, 'next-method'],
    ['+', {}, 'more-opacity'],
    ['-', {}, 'less-opacity'],
    ['g', {}, 'toggle-grid'],
    ['t', {}, 'toggle-text'],
    ['E', {}, 'choose-region'],
    ['X', {}, 'erase-word'],
    ['u', {}, 'give-back'],
    ['s', {}, 'save'],
    ['?', {}, 'toggle-help'],
    ['q', {}, 'quit'],
    ['', { escape: true, meta: true }, 'quit'],
    ['c', { ctrl: true }, 'interrupt'],
  ])('%j %j', (input, key, type) => {
    expect(commandOf(input, key, WALKING)).toEqual({ type });
  });

  test('nothing else does anything', () => {
    expect(commandOf('y', {}, WALKING)).toBeUndefined();
    expect(commandOf('constructor', {}, WALKING)).toBeUndefined();
    expect(commandOf('q', { ctrl: true }, WALKING)).toBeUndefined();
    expect(commandOf('q', { meta: true }, WALKING)).toBeUndefined();
  });

  test('Esc closes the help before it leaves', () => {
    expect(commandOf('', { escape: true }, { ...WALKING, isHelp: true })).toEqual({ type: 'close-help' });
  });

  test.each([
    ['h', {}, { type: 'move-region', x: -1, y: 0 }],
    ['', { downArrow: true }, { type: 'move-region', x: 0, y: 1 }],
    ['', { rightArrow: true, shift: true }, { type: 'size-region', x: 1, y: 0 }],
    ['K', {}, { type: 'size-region', x: 0, y: -1 }],
    ['', { return: true }, { type: 'erase-region' }],
    ['', { escape: true }, { type: 'close-region' }],
    ['E', {}, { type: 'close-region' }],
    ['q', {}, { type: 'quit' }],
    ['m', {}, undefined],
  ])('while a rectangle is chosen: %j %j', (input, key, command) => {
    expect(commandOf(input, key, { isHelp: false, region: { x: 0, y: 0, width: 1, height: 1 } })).toEqual(command);
  });

  test('every letter that does something is in the help', () => {
    const listed = KEY_HELP.map(([keys]) => keys).join(' ');
    for (let code = 33; code < 127; code++) {
      const letter = String.fromCharCode(code);
      if (commandOf(letter, {}, WALKING)) expect(listed).toContain(letter);
    }
  });
});
