import { type EditorAction, type EditorState, EMPTY_EDITOR, edit } from './editor.js';

/** What is running while the next line can already be typed. */
export interface Work {
  /** In milliseconds, on the clock of `performance.now`. */
  readonly since: number;
  /** Its status; empty until it reports one. */
  readonly status: string;
}

/** The foot of a session: the prompt, and what is going on. */
export interface PromptState {
  readonly editor: EditorState;
  /** What stands before the line: the picture that it is about. */
  readonly label: string;
  readonly work: Work | undefined;
  /** Lines that wait for what is running. */
  readonly queued: readonly string[];
  /** One remark below the line, until the next key. */
  readonly remark: string;
}

export type PromptAction =
  | { readonly type: 'edit'; readonly action: EditorAction }
  | { readonly type: 'begin'; readonly now: number }
  | { readonly type: 'report'; readonly status: string }
  | { readonly type: 'finish' }
  | { readonly type: 'queue'; readonly line: string }
  | { readonly type: 'take' }
  | { readonly type: 'drop-queue' }
  | { readonly type: 'label'; readonly label: string }
  | { readonly type: 'remark'; readonly text: string };

export const INITIAL_PROMPT: PromptState = {
  editor: EMPTY_EDITOR,
  label: '',
  work: undefined,
  queued: [],
  remark: '',
};

/** What an action makes of the foot of a session. */
export function reducePrompt(state: PromptState, action: PromptAction, history: readonly string[]): PromptState {
  switch (action.type) {
    case 'edit':
      return { ...state, editor: edit(state.editor, action.action, history), remark: '' };
    case 'begin':
      return { ...state, work: { since: action.now, status: '' } };
    case 'report':
      return state.work ? { ...state, work: { ...state.work, status: action.status } } : state;
    case 'finish':
      return { ...state, work: undefined };
    case 'queue':
      return { ...state, queued: [...state.queued, action.line], remark: '' };
    case 'take':
      return { ...state, queued: state.queued.slice(1) };
    case 'drop-queue':
      return { ...state, queued: [] };
    case 'label':
      return { ...state, label: action.label };
    case 'remark':
      return { ...state, remark: action.text };
  }
}
