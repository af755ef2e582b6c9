import { createElement, useSyncExternalStore } from 'react';
import type { Terminal } from '../terminal.js';
import { type App, openApp } from './app.js';
import { Screen } from './screen.js';
import type { Streams } from './streams.js';
import { Suspension, type TerminalHolder } from './suspend.js';
import type { Drawing, Stage, View } from './view.js';

/** How often Ink draws what keys change. */
const MAX_FPS = 60;
/** For views that pace their frames themselves: a frame that Ink held back would be drawn after the end. */
const UNPACED = 1000;

/**
 * Draws a view until it ends.
 * @param holder puts the terminal in order and takes it again, when the view is suspended
 * @param debug as Ink has it: each frame is written whole, also where CI is set
 */
export async function draw<State, Action, Result, Props extends object>(
  { place, initial, reduce, props, follow, frameMs }: View<State, Action, Result, Props>,
  component: Drawing<State, Action, Result, Props>,
  terminal: Terminal,
  { stdin, stdout, signal }: Streams,
  holder: TerminalHolder,
  debug = false,
): Promise<Result> {
  const isOwn = place === 'own screen';
  const screen = new Screen(stdout);
  const unfollow = isOwn ? screen.follow() : undefined;
  const ended = new AbortController();
  let state = initial;
  let drawn = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const redraw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    drawn = performance.now();
    for (const listener of listeners) listener();
  };
  const now = (): State => state;
  const act = (action: Action): void => {
    state = reduce(state, action);
    redraw();
  };
  const waitMs = (): number => drawn + (frameMs ?? 0) - performance.now();
  const tell = (action: Action): void => {
    state = reduce(state, action);
    const wait = waitMs();
    if (wait <= 0) redraw();
    else timer ??= setTimeout(redraw, wait);
  };
  let leave: (result: Result) => void = () => undefined;
  const left = new Promise<Result>((resolve) => {
    leave = resolve;
  });
  const sizeOf = () => ({ columns: stdout.columns || terminal.columns, rows: stdout.rows || terminal.rows });
  const suspension = new Suspension({
    async leave() {
      if (isOwn) screen.removePictures();
      else await app.takeAway();
      await holder.leave();
    },
    enter() {
      holder.enter();
      if (isOwn) screen.redraw();
      else app = open();
    },
  });
  const suspend = (): Promise<void> => suspension.suspend();
  const stage: Stage<State, Action, Result> = { now, act, leave, suspend, screen, sizeOf, colors: terminal.colors };
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const Shown = () => {
    const value = useSyncExternalStore(subscribe, now);
    return createElement(component, { ...props, state: value, stage });
  };
  const onScreen = isOwn ? (screen as unknown as NodeJS.WriteStream) : stdout;
  const maxFps = frameMs === undefined ? MAX_FPS : UNPACED;
  let failed: (error: Error) => void = () => undefined;
  const byItself = new Promise<never>((_, reject) => {
    failed = reject;
  });
  byItself.catch(() => undefined);
  const open = (): App => {
    const opened = openApp(createElement(Shown), { stdin, stdout: onScreen }, { maxFps, debug });
    opened.exited.then(
      // Another has taken its place where the view was suspended.
      () => opened === app && failed(new Error('the view ended by itself')),
      (error: Error) => failed(error),
    );
    return opened;
  };
  let app: App = open();
  const unfollowSignals = suspension.follow();
  try {
    return await Promise.race([
      follow({ now, tell, act, isDue: () => waitMs() <= 0, signal, ended: ended.signal }),
      left,
      byItself,
    ]);
  } finally {
    ended.abort();
    unfollowSignals();
    clearTimeout(timer);
    await (isOwn ? app.close() : app.takeAway());
    unfollow?.();
  }
}
