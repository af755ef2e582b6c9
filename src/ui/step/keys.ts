import type { Key } from 'ink';
import { truncate } from '../layout.js';
import { closesHelp, type KeyHint, keyLine, withArrows } from '../view/key-line.js';
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
  ['Space right l', 'a step of the search'],
  ['left h r', 'undo, redo (Home, End: everything)'],
  ['up down, k j', 'choose a beam or a finished caption'],
  ['1-9', 'a step in which the chosen beam goes on with that candidate'],
  ['/', 'the same with any token: find it by typing'],
  ['b', 'fork: a line of its own for the chosen text up to the token in brackets'],
  ['Tab', 'the next line'],
  ['x', 'prune the chosen beam'],
  ['e', 'run to the end (Esc stops)'],
  ['[ ]', 'the token before, after'],
  ['a', 'where the model looked for that token'],
  ['E', 'erase a part of the picture: a line beside this one, which reads the text again'],
  ['A P', 'the same with parts of the model taken out; with another picture inside'],
  ['o', 'options of the search from here on'],
  ['t', 'the tree, what fell at the last step, or both'],
  ['PgUp PgDn', 'scroll'],
  ['w s', 'save the session'],
  ['Ctrl-Z', 'back to the shell for a while (fg returns)'],
  ['? q', 'this list, quit'],
];

/** What there is to go through. */
export interface KeyContext {
  readonly mode: StepState['mode'];
  /** Whether a step was taken, and whether there is none left to take. */
  readonly hasBegun: boolean;
  readonly isDone: boolean;
  /** Beams and finished captions to choose from. */
  readonly hypotheses: number;
  readonly lines: number;
}

const ALWAYS: readonly KeyHint[] = [
  ['?', 'keys'],
  ['q', 'quit'],
];

/** The keys that mean something now, in a line, the most needed first. */
export function stepKeyLine(context: KeyContext, columns: number): string {
  switch (context.mode) {
    case 'walk':
      return keyLine(walkHints(context), ALWAYS, columns);
    case 'find':
      return keyLine(FIND, FIND_ALWAYS, columns);
    case 'change':
      return keyLine(CHANGE, CHANGE_ALWAYS, columns);
    case 'options':
      return keyLine(OPTIONS, OPTIONS_ALWAYS, columns);
    case 'leave':
      return keyLine(LEAVE, [], columns) || truncate('not saved: w saves, q leaves', columns);
    case 'help':
      return keyLine([['↑↓', 'scroll']], HELP, columns);
  }
}

const LEAVE_LIST: KeyHint = ['Esc', 'leave'];
const FIND: readonly KeyHint[] = [
  ['letters', 'find'],
  ['↑↓', 'choose'],
];
const FIND_ALWAYS: readonly KeyHint[] = [['Enter', 'force it'], LEAVE_LIST];
const CHANGE: readonly KeyHint[] = [['letters', 'what is changed']];
const CHANGE_ALWAYS: readonly KeyHint[] = [['Enter', 'change it'], LEAVE_LIST];
const OPTIONS: readonly KeyHint[] = [
  ['↑↓', 'option'],
  ['←→', 'change'],
  ['digits', 'a value'],
];
const OPTIONS_ALWAYS: readonly KeyHint[] = [['Enter', 'take them'], LEAVE_LIST];
const LEAVE: readonly KeyHint[] = [
  ['not saved: w', 'save and leave'],
  ['q', 'leave without'],
  ['Esc', 'stay'],
];
const HELP: readonly KeyHint[] = [
  ['Esc', 'close'],
  ['q', 'quit'],
];

function walkHints({ hasBegun, isDone, hypotheses, lines }: KeyContext): KeyHint[] {
  const hints: readonly (readonly [...KeyHint, boolean])[] = [
    ['Space', 'step', !isDone],
    ['←', 'undo', hasBegun],
    ['↑↓', isDone ? 'caption' : 'beam', hypotheses > 1],
    ['1-9', 'force', !isDone],
    ['/', 'find', !isDone],
    ['w', 'save', isDone],
    ['e', 'run', !isDone],
    ['b', 'fork', hasBegun],
    ['a', 'attention', hasBegun],
    ['Tab', 'line', lines > 1],
    ['E', 'erase', true],
    ['x', 'prune', hasBegun && !isDone],
    ['o', 'options', !isDone],
    ['t', 'fallen', hasBegun],
    ['w', 'save', hasBegun && !isDone],
  ];
  return hints.filter(([, , isUsed]) => isUsed).map(([keys, does]): KeyHint => [keys, does]);
}

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
  E: look({ type: 'open-change', verb: 'erase' }),
  A: look({ type: 'open-change', verb: 'ablate' }),
  P: look({ type: 'open-change', verb: 'patch' }),
  t: look({ type: 'toggle-lower' }),
  '?': look({ type: 'toggle-help' }),
  w: { type: 'save' },
  s: { type: 'save' },
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
    case 'change':
    case 'options':
      return typingCommand(input, key);
  }
}

function walkCommand(input: string, pressed: Partial<Key>, state: StepState): StepCommand | undefined {
  const key = withArrows(input, pressed);
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

function helpCommand(input: string, pressed: Partial<Key>): StepCommand | undefined {
  const key = withArrows(input, pressed);
  if (input === 'q') return { type: 'quit' };
  if (key.upArrow || key.pageUp) return look({ type: 'scroll', by: key.upArrow ? -1 : -PAGE });
  if (key.downArrow || key.pageDown) return look({ type: 'scroll', by: key.downArrow ? 1 : PAGE });
  return closesHelp(input, key) ? look({ type: 'close' }) : undefined;
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
  if (key.upArrow || (key.tab && key.shift)) return look({ type: 'move', by: -1 });
  if (key.downArrow || key.tab) return look({ type: 'move', by: 1 });
  if (key.leftArrow) return look({ type: 'adjust', by: -1 });
  if (key.rightArrow) return look({ type: 'adjust', by: 1 });
  if (key.backspace || key.delete) return look({ type: 'erase' });
  return key.meta || input === '' ? undefined : look({ type: 'type', text: input });
}
