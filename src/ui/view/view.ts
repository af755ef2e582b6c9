import type { ComponentType } from 'react';
import type { Colors } from '../terminal.js';
import type { SizedScreen } from './use-screen-size.js';

/** What a component that draws a view can use. */
export interface Stage<State, Action, Result> extends SizedScreen {
  /** The state as of the last action, also where it is not drawn yet: several keys may come together. */
  readonly now: () => State;
  /** Changes the state and draws it. */
  readonly act: (action: Action) => void;
  /** Ends the view. */
  readonly leave: (result: Result) => void;
  /** Ctrl-Z: the terminal goes back to the shell until the view is brought back. */
  readonly suspend: () => Promise<void>;
  readonly colors: Colors;
}

/** What goes on beside a view's keys. */
export interface Outside<State, Action> {
  readonly now: () => State;
  /** Changes the state, and draws it once the last frame has been seen. */
  readonly tell: (action: Action) => void;
  /** Whether the last frame is `frameMs` old: what is told now is drawn at once. */
  readonly isDue: () => boolean;
  readonly act: (action: Action) => void;
  /** Aborted from outside. */
  readonly signal: AbortSignal;
  /** Aborted when the view has ended. */
  readonly ended: AbortSignal;
}

/** A component that draws a state of a view. */
export type Drawing<State, Action, Result, Props> = ComponentType<
  Props & { readonly state: State; readonly stage: Stage<State, Action, Result> }
>;

/** A view: a state, what changes it, and what draws it. */
export interface View<State, Action, Result, Props> {
  /** A screen of its own, or below what is on the terminal; there it leaves nothing behind. */
  readonly place: 'own screen' | 'below';
  /** Whether it reads keys. */
  readonly hasKeys: boolean;
  readonly initial: State;
  readonly reduce: (state: State, action: Action) => State;
  /** Loads the component; React and Ink come with it. */
  readonly load: () => Promise<Drawing<State, Action, Result, Props>>;
  readonly props: Props;
  /** Goes on beside the keys; the view ends with it, unless a key has ended it before. */
  readonly follow: (outside: Outside<State, Action>) => Promise<Result>;
  /** The least time between two frames of what is told. */
  readonly frameMs?: number;
}

/** Why a view was left. */
export type ViewExit = 'quit' | 'interrupt';
