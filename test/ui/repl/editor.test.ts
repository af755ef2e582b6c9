import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EditorAction, type EditorState, EMPTY_EDITOR, edit } from '../../../src/ui/repl/editor.js';

const HISTORY = ['caption a.png', 'rank a dog | a cat', 'attend'];

/** `^` is the cursor. */
function at(marked: string): EditorState {
  return { ...EMPTY_EDITOR, text: marked.replace('^', ''), cursor: marked.indexOf('^') };
}
function marked({ text, cursor }: EditorState): string {
  return `${text.slice(0, cursor)}^${text.slice(cursor)}`;
}
function walk(state: EditorState, ...actions: (EditorAction | EditorAction['type'])[]): EditorState {
  return actions.reduce(
    (from, action) => edit(from, (typeof action === 'string' ? { type: action } : action) as EditorAction, HISTORY),
    state,
  );
}
const insert = (text: string): EditorAction => ({ type: 'insert', text });
const item = (text: string, isWhole = true) => ({ text, label: text, about: '', isWhole });

describe('undo', () => {
  it('takes back what was typed word by word, and every other change by itself', () => {
    const line = walk(
      EMPTY_EDITOR,
      ...[...'rank a'].map(insert),
      insert('pasted text'),
      'delete-word-backward',
      'kill-to-start',
    );
    const texts = [line.text];
    for (let state = line; state.past.length > 0; ) {
      state = walk(state, 'undo');
      texts.push(state.text);
    }
    expect(texts).toEqual(['', 'rank apasted ', 'rank apasted text', 'rank a', 'rank ', 'rank', '']);
    expect(walk(EMPTY_EDITOR, 'undo')).toEqual(EMPTY_EDITOR);
  });

  it('comes back to the cursor, and knows nothing of lines before this one', () => {
    expect(marked(walk(at('one ^two'), 'delete-word-forward', 'move-start', 'undo'))).toBe('one ^two');
    expect(walk(EMPTY_EDITOR, insert('a line'), 'clear', 'undo').text).toBe('');
  });
});

describe('a line', () => {
  it.each<[string, EditorAction['type'], string]>([
    ['ab^c', 'delete-backward', 'a^c'],
    ['^abc', 'delete-backward', '^abc'],
    ['ab^c', 'delete-forward', 'ab^'],
    ['e\u0301^x', 'delete-backward', '^x'],
    ['👩‍👧^', 'delete-backward', '^'],
    ['👩‍👧^', 'move-left', '^👩‍👧'],
    ['^👩‍👧', 'move-right', '👩‍👧^'],
    ['rank a dog^', 'move-word-left', 'rank a ^dog'],
    ['rank a dog ^', 'move-word-left', 'rank a ^dog '],
    ['dir/a.png^', 'move-word-left', 'dir/^a.png'],
    ['ra^nk a dog', 'move-word-right', 'rank^ a dog'],
    ['rank a dog^', 'delete-word-backward', 'rank a ^'],
    ['rank ^a dog', 'delete-word-forward', 'rank ^ dog'],
    ['rank ^a dog', 'kill-to-start', '^a dog'],
    ['rank ^a dog', 'kill-to-end', 'rank ^'],
    ['rank ^a', 'move-start', '^rank a'],
    ['rank ^a', 'move-end', 'rank a^'],
    ['rank ^a', 'clear', '^'],
  ])('%s %s', (before, action, expected) => expect(marked(walk(at(before), action))).toBe(expected));

  it('types and puts back what was cut', () => {
    const state = walk(EMPTY_EDITOR, insert('rank a'), 'delete-word-backward', insert('the '), 'yank');
    expect(marked(state)).toBe('rank the a^');
    expect(marked(walk(state, 'kill-to-start', 'yank', 'yank'))).toBe('rank the arank the a^');
  });

  it('any walk keeps the cursor within the line and between characters', () => {
    const types = ['delete-backward', 'delete-forward', 'delete-word-backward', 'move-left', 'move-right'] as const;
    const action = fc.oneof(
      fc.constantFrom<EditorAction>(...types.map((type) => ({ type })), { type: 'move-word-left' }, { type: 'yank' }),
      fc.constantFrom<EditorAction>({ type: 'previous-line' }, { type: 'next-line' }, { type: 'search' }),
      fc.string({ unit: 'grapheme', maxLength: 4 }).map(insert),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const { text, cursor } = walk(EMPTY_EDITOR, ...actions);
        const bounds = [...new Intl.Segmenter().segment(text)].map(({ index }) => index);
        expect([...bounds, text.length]).toContain(cursor);
      }),
    );
  });
});

describe('earlier lines', () => {
  it('up and down walk through them, and what was typed is there again at the end', () => {
    const typed = walk(EMPTY_EDITOR, insert('draft'));
    expect(walk(typed, 'previous-line').text).toBe('attend');
    expect(walk(typed, 'previous-line', 'previous-line').text).toBe('rank a dog | a cat');
    const oldest = walk(typed, 'previous-line', 'previous-line', 'previous-line', 'previous-line');
    expect(oldest.text).toBe('caption a.png');
    expect(marked(walk(oldest, 'next-line', 'next-line', 'next-line'))).toBe('draft^');
    expect(walk(typed, 'next-line').text).toBe('draft');
  });

  it('search finds the newest, and again the one before', () => {
    const found = walk(EMPTY_EDITOR, insert('draft'), 'search', insert('a'));
    expect(marked(found)).toBe('^attend');
    const older = walk(found, 'search');
    expect(older.text).toBe('rank a dog | a cat');
    expect(walk(older, 'search').text).toBe('caption a.png');
    expect(walk(older, 'search', 'search').text).toBe('caption a.png');
    expect(walk(older, 'cancel-search')).toMatchObject({ text: 'draft', search: undefined });
  });

  it('a longer query narrows it, a shorter one widens it, another key ends it', () => {
    const cat = walk(EMPTY_EDITOR, 'search', insert('ca'), insert('t'));
    expect(marked(cat)).toBe('rank a dog | a ^cat');
    expect(walk(cat, insert('x')).search).toMatchObject({ query: 'catx', found: 1, isMissing: true });
    expect(walk(cat, 'delete-backward').search?.query).toBe('ca');
    expect(marked(walk(cat, 'move-end'))).toBe('rank a dog | a cat^');
    expect(walk(cat, 'move-end').search).toBeUndefined();
  });
});

describe('completion', () => {
  it('the only way is taken, with a space after a whole word', () => {
    expect(marked(walk(at('cap^ x'), { type: 'offer', start: 0, items: [item('caption')] }))).toBe('caption ^ x');
    expect(marked(walk(at('di^'), { type: 'offer', start: 0, items: [item('dir/', false)] }))).toBe('dir/^');
  });

  it('several: what they share, then each in turn', () => {
    const items = [item('dir/a1.png'), item('dir/a2.png')];
    const offered = walk(at('cat d^'), { type: 'offer', start: 4, items });
    expect(marked(offered)).toBe('cat dir/a^');
    const first = walk(offered, 'next-item');
    expect(marked(first)).toBe('cat dir/a1.png^');
    expect(marked(walk(first, 'next-item'))).toBe('cat dir/a2.png^');
    expect(marked(walk(first, 'next-item', 'next-item'))).toBe('cat dir/a1.png^');
    expect(marked(walk(offered, 'previous-item'))).toBe('cat dir/a2.png^');
    expect(walk(first, insert(' ')).menu).toBeUndefined();
  });

  it('does not cut between a backslash and what it escapes', () => {
    const items = [item('a\\ b.png'), item('a\\(c).png')];
    expect(marked(walk(at('^'), { type: 'offer', start: 0, items }))).toBe('a^');
  });

  it('no way: nothing happens', () => {
    expect(walk(at('x^'), { type: 'offer', start: 0, items: [] })).toMatchObject({ text: 'x', menu: undefined });
  });
});
