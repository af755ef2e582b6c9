/**
 * A line that is being typed, as a value. Positions are UTF-16 indices between characters as a reader sees them
 * (graphemes): a cursor never stands within an accented letter or an emoji.
 */

import { graphemesOf } from '../layout.js';

/** One way in which the word before the cursor can go on. */
export interface MenuItem {
  /** What takes the word's place. */
  readonly text: string;
  /** As the menu shows it. */
  readonly label: string;
  /** What it is; empty where that needs no saying. */
  readonly about: string;
  /** Whether a space follows. */
  readonly isWhole: boolean;
}

/** Ways to go on that are shown below the line, once there are several. */
export interface Menu {
  /** Where the word begins. */
  readonly start: number;
  readonly items: readonly MenuItem[];
  /** Which of them stands in the line; none before the first was chosen. */
  readonly chosen: number | undefined;
}

/** A search through earlier lines, newest first. */
export interface LineSearch {
  readonly query: string;
  /** The line that was found, as an index into the history. */
  readonly found: number | undefined;
  /** What was in the line before. */
  readonly draft: string;
  /** Whether no line, or no older one, has the query. */
  readonly isMissing: boolean;
}

/** A line before a change, and whether that was one more character of a word. */
interface Before {
  readonly text: string;
  readonly cursor: number;
  readonly isTyping: boolean;
}

/** Changes that can be taken back. */
const REMEMBERED = 200;

export interface EditorState {
  readonly text: string;
  readonly cursor: number;
  /** What was cut last. */
  readonly killed: string;
  /** How the line was before each change, the last one last. */
  readonly past: readonly Before[];
  /** The earlier line that is shown, and what had been typed before. */
  readonly recalled: { readonly index: number; readonly draft: string } | undefined;
  readonly search: LineSearch | undefined;
  readonly menu: Menu | undefined;
}

export type EditorAction =
  | { readonly type: 'insert' | 'replace'; readonly text: string }
  | { readonly type: 'delete-backward' | 'delete-forward' | 'delete-word-backward' | 'delete-word-forward' }
  | { readonly type: 'kill-to-start' | 'kill-to-end' | 'yank' | 'clear' | 'undo' }
  | { readonly type: 'move-left' | 'move-right' | 'move-word-left' | 'move-word-right' | 'move-start' | 'move-end' }
  | { readonly type: 'previous-line' | 'next-line' }
  | { readonly type: 'search' | 'end-search' | 'cancel-search' }
  | { readonly type: 'offer'; readonly start: number; readonly items: readonly MenuItem[] }
  | { readonly type: 'next-item' | 'previous-item' | 'close-menu' };

export const EMPTY_EDITOR: EditorState = {
  text: '',
  cursor: 0,
  killed: '',
  past: [],
  recalled: undefined,
  search: undefined,
  menu: undefined,
};

/**
 * What an action makes of a line.
 * @param history earlier lines, the oldest first
 */
export function edit(state: EditorState, action: EditorAction, history: readonly string[]): EditorState {
  const next = changed(state, action, history);
  // A search shows lines, and changes none before it ends.
  if (action.type === 'undo' || action.type === 'clear' || next.text === state.text || next.search) return next;
  const isTyping = action.type === 'insert' && /^[^\s]$/.test(action.text);
  // What is typed in one go is taken back in one, a word at a time.
  if (isTyping && state.past.at(-1)?.isTyping && state.cursor === state.text.length) return next;
  const { text, cursor } = state;
  return { ...next, past: [...state.past.slice(1 - REMEMBERED), { text, cursor, isTyping }] };
}

function undo(state: EditorState): EditorState {
  const last = state.past.at(-1);
  if (last === undefined) return state;
  return { ...typed(state, last.text, last.cursor), past: state.past.slice(0, -1) };
}

function changed(state: EditorState, action: EditorAction, history: readonly string[]): EditorState {
  if (state.search) {
    const next = editSearch(state, state.search, action, history);
    if (next) return next;
  }
  const line: EditorState = { ...state, search: undefined, menu: undefined };
  const { text, cursor } = state;
  switch (action.type) {
    case 'insert':
      return typed(line, text.slice(0, cursor) + action.text + text.slice(cursor), cursor + action.text.length);
    case 'replace':
      return typed(line, action.text, action.text.length);
    case 'delete-backward':
      return cut(line, before(text, cursor), cursor, false);
    case 'delete-forward':
      return cut(line, cursor, after(text, cursor), false);
    case 'delete-word-backward':
      return cut(line, wordBefore(text, cursor), cursor, true);
    case 'delete-word-forward':
      return cut(line, cursor, wordAfter(text, cursor), true);
    case 'kill-to-start':
      return cut(line, 0, cursor, true);
    case 'kill-to-end':
      return cut(line, cursor, text.length, true);
    case 'yank':
      return changed(line, { type: 'insert', text: state.killed }, history);
    case 'undo':
      return undo(line);
    case 'clear':
      return { ...EMPTY_EDITOR, killed: state.killed };
    case 'move-left':
      return { ...line, cursor: before(text, cursor) };
    case 'move-right':
      return { ...line, cursor: after(text, cursor) };
    case 'move-word-left':
      return { ...line, cursor: wordBefore(text, cursor) };
    case 'move-word-right':
      return { ...line, cursor: wordAfter(text, cursor) };
    case 'move-start':
      return { ...line, cursor: 0 };
    case 'move-end':
      return { ...line, cursor: text.length };
    case 'previous-line':
      return recall(line, (state.recalled?.index ?? history.length) - 1, history);
    case 'next-line':
      return recall(line, (state.recalled?.index ?? history.length) + 1, history);
    case 'search':
      return { ...line, search: { query: '', found: undefined, draft: text, isMissing: false } };
    case 'end-search':
    case 'cancel-search':
    case 'close-menu':
      return line;
    case 'offer':
      return offer(line, action.start, action.items);
    case 'next-item':
      return choose(state, 1);
    case 'previous-item':
      return choose(state, -1);
  }
}

function typed(state: EditorState, text: string, cursor: number): EditorState {
  return { ...state, text, cursor, recalled: undefined };
}

function cut(state: EditorState, from: number, to: number, isKept: boolean): EditorState {
  if (from === to) return state;
  const { text } = state;
  const killed = isKept ? text.slice(from, to) : state.killed;
  return { ...typed(state, text.slice(0, from) + text.slice(to), from), killed };
}

function before(text: string, cursor: number): number {
  let at = 0;
  for (const { index } of graphemesOf(text)) {
    if (index >= cursor) break;
    at = index;
  }
  return at;
}

function after(text: string, cursor: number): number {
  for (const { index, segment } of graphemesOf(text)) if (index >= cursor) return index + segment.length;
  return text.length;
}

/** Words end at white space and at what parts paths and captions. */
const WORD = /[^\s/|]+/g;

function wordBefore(text: string, cursor: number): number {
  return [...text.matchAll(WORD)].findLast(({ index }) => index < cursor)?.index ?? 0;
}

function wordAfter(text: string, cursor: number): number {
  const word = [...text.matchAll(WORD)].find((match) => match.index + match[0].length > cursor);
  return word ? word.index + word[0].length : text.length;
}

function recall(state: EditorState, index: number, history: readonly string[]): EditorState {
  if (index < 0 || index > history.length) return state;
  const draft = state.recalled?.draft ?? state.text;
  const text = index === history.length ? draft : history[index]!;
  return { ...state, text, cursor: text.length, recalled: index === history.length ? undefined : { index, draft } };
}

/** What an action means while a search is on; nothing for those that end it and then do what they do. */
function editSearch(
  state: EditorState,
  search: LineSearch,
  action: EditorAction,
  history: readonly string[],
): EditorState | undefined {
  switch (action.type) {
    case 'insert':
      return find(state, search, search.query + action.text, history.length - 1, history);
    case 'delete-backward':
      return find(
        state,
        search,
        search.query.slice(0, before(search.query, search.query.length)),
        history.length - 1,
        history,
      );
    case 'search':
      return find(state, search, search.query, (search.found ?? history.length) - 1, history);
    case 'cancel-search':
      return { ...state, text: search.draft, cursor: search.draft.length, search: undefined };
    default:
      return undefined;
  }
}

/** The newest line, from index `from` backwards, that holds the query; without one, the line stays as it is. */
function find(
  state: EditorState,
  search: LineSearch,
  query: string,
  from: number,
  history: readonly string[],
): EditorState {
  if (query === '') return { ...state, search: { ...search, query, found: undefined, isMissing: false } };
  const found = history.findLastIndex((line, i) => i <= from && line.includes(query));
  if (found < 0) return { ...state, search: { ...search, query, isMissing: true } };
  const text = history[found]!;
  return {
    ...state,
    text,
    cursor: text.indexOf(query),
    recalled: undefined,
    search: { ...search, query, found, isMissing: false },
  };
}

/** Completes the word as far as all ways to go on agree; where they part, they are shown. */
function offer(state: EditorState, start: number, items: readonly MenuItem[]): EditorState {
  const [only] = items;
  if (only === undefined) return state;
  if (items.length === 1) return replaceWord(state, start, only.text + (only.isWhole ? ' ' : ''));
  const shared = sharedStart(items.map(({ text }) => text));
  const isLonger = shared.length > state.cursor - start;
  const next = isLonger ? replaceWord(state, start, shared) : state;
  return { ...next, menu: { start, items, chosen: undefined } };
}

function replaceWord(state: EditorState, start: number, word: string): EditorState {
  const { text, cursor } = state;
  return typed(state, text.slice(0, start) + word + text.slice(cursor), start + word.length);
}

function sharedStart(texts: readonly string[]): string {
  const [first = ''] = texts;
  let length = first.length;
  for (const text of texts) while (!text.startsWith(first.slice(0, length))) length--;
  // Not between a backslash and what it escapes.
  return /(^|[^\\])(\\\\)*\\$/.test(first.slice(0, length)) ? first.slice(0, length - 1) : first.slice(0, length);
}

function choose(state: EditorState, by: 1 | -1): EditorState {
  const { menu } = state;
  if (!menu) return state;
  const count = menu.items.length;
  const chosen = menu.chosen === undefined ? (by > 0 ? 0 : count - 1) : (menu.chosen + by + count) % count;
  return { ...replaceWord(state, menu.start, menu.items[chosen]!.text), menu: { ...menu, chosen } };
}
