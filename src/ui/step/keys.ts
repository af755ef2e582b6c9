import type { Key } from 'ink';
import type { StepRequest } from './source.js';
import type { StepAction, StepState } from './state.js';

/** What a key asks for: another look, something of the walk, or what the view itself has to do. */
export type StepCommand =
  | { readonly type: 'look'; readonly action: StepAction }
  | { readonly type: 'ask'; readonly request: StepRequest }
  | { readonly type: 'accept' | 'stop' | 'save' | 'quit' | 'save-and-leave' | 'leave' | 'interrupt' };

const ask = (request: StepRequest): StepCommand => ({ type: 'ask', request });
const look = (action: StepAction): StepCommand => ({ type: 'look', action });

const PAGE = 8;

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['Space right', 'a step of the search'],
  ['left r', 'undo, redo (Home, End: everything)'],
  ['up down', 'choose a beam or a finished caption'],
  ['1-9', 'a step in which the chosen beam goes on with that candidate'],
  ['/', 'the same with any token: find it by typing'],
  ['b', 'fork: a line of its own for the chosen text up to the token in brackets'],
  ['Tab', 'the next line'],
  ['x', 'prune the chosen beam'],
  ['e', 'run to the end (Esc stops)'],
  ['[ ]', 'the token before, after'],
  ['a', 'where the model looked for that token'],
  ['o', 'options of the search from here on'],
  ['t', 'the tree, what fell at the last step, or both'],
  ['PgUp PgDn', 'scroll'],
  ['w', 'save the session'],
  ['? q', 'this list, quit'],
];

/** The keys of each mode in a line, the most needed first. */
export const KEY_LINES: Readonly<Record<StepState['mode'], string>> = {
  walk: 'Space step  ← undo  ↑↓ beam  1-9 force  / find  b fork  x prune  ? keys  q quit  e run  a attention  o options  t fallen  w save',
  find: 'type to find a token  ↑↓ choose  Enter force it  Esc leave',
  options: '↑↓ option  ←→ change  or type a value  Enter take them  Esc leave',
  leave: 'not saved: w save and leave  q leave without  Esc stay',
  help: '↑↓ scroll  Esc close  q quit',
};

const WALK_KEYS: Readonly<Record<string, StepCommand>> = {
  ' ': ask({ type: 'next' }),
  r: ask({ type: 'redo' }),
  x: ask({ type: 'prune' }),
  e: ask({ type: 'run' }),
  '[': look({ type: 'token-before' }),
  ']': look({ type: 'token-after' }),
  a: look({ type: 'toggle-attention' }),
  o: look({ type: 'open-options' }),
  '/': look({ type: 'open-find' }),
  t: look({ type: 'toggle-lower' }),
  '?': look({ type: 'toggle-help' }),
  w: { type: 'save' },
  q: { type: 'quit' },
};

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, key: Partial<Key>, state: StepState): StepCommand | undefined {
  if (key.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  switch (state.mode) {
    case 'walk':
      return walkCommand(input, key, state);
    case 'help':
      return helpCommand(input, key);
    case 'leave':
      return leaveCommand(input);
    case 'find':
    case 'options':
      return typingCommand(input, key);
  }
}

function walkCommand(input: string, key: Partial<Key>, state: StepState): StepCommand | undefined {
  if (key.escape) return { type: 'stop' };
  if (key.rightArrow || key.return) return ask({ type: 'next' });
  if (key.leftArrow) return ask({ type: 'undo' });
  if (key.upArrow) return ask({ type: 'choose', to: 'up' });
  if (key.downArrow) return ask({ type: 'choose', to: 'down' });
  if (key.home) return ask({ type: 'undo', times: 'all' });
  if (key.end) return ask({ type: 'redo', times: 'all' });
  if (key.pageUp) return look({ type: 'scroll', by: -PAGE });
  if (key.pageDown) return look({ type: 'scroll', by: PAGE });
  if (key.tab) return ask({ type: 'line', line: 'next' });
  if (key.meta) return undefined;
  if (/^[1-9]$/.test(input)) return ask({ type: 'force', target: { candidate: Number(input) } });
  if (input === 'b') return ask({ type: 'fork', back: state.back });
  return Object.hasOwn(WALK_KEYS, input) ? WALK_KEYS[input] : undefined;
}

function helpCommand(input: string, key: Partial<Key>): StepCommand | undefined {
  if (input === 'q') return { type: 'quit' };
  if (key.upArrow || key.pageUp) return look({ type: 'scroll', by: key.upArrow ? -1 : -PAGE });
  if (key.downArrow || key.pageDown) return look({ type: 'scroll', by: key.downArrow ? 1 : PAGE });
  return key.escape || key.return || input === '?' || input === ' ' ? look({ type: 'close' }) : undefined;
}

/** Any key that does not leave stays. */
function leaveCommand(input: string): StepCommand {
  if (input === 'w') return { type: 'save-and-leave' };
  return input === 'q' ? { type: 'leave' } : look({ type: 'close' });
}

/** Where a text or a number is typed: letters are letters. */
function typingCommand(input: string, key: Partial<Key>): StepCommand | undefined {
  if (key.escape) return look({ type: 'close' });
  if (key.return) return { type: 'accept' };
  if (key.upArrow) return look({ type: 'move', by: -1 });
  if (key.downArrow) return look({ type: 'move', by: 1 });
  if (key.leftArrow) return look({ type: 'adjust', by: -1 });
  if (key.rightArrow) return look({ type: 'adjust', by: 1 });
  if (key.backspace || key.delete) return look({ type: 'erase' });
  return key.meta || key.tab || input === '' ? undefined : look({ type: 'type', text: input });
}
