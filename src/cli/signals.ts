/** Exit codes of a program that a signal ended: 128 + its number. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
export type EndingSignal = keyof typeof SIGNAL_EXIT_CODES;

/** How long work may take to come to a clean stop after the first signal. */
const GRACE_MS = 1500;

/** Why a program ends before its work does: a signal, or an error that was not caught. */
export type Ending = { readonly name: EndingSignal } | { readonly crash: unknown };

export interface SignalWatch {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Resolves when it is time to go: after the grace period, or at a second signal. */
  readonly overdue: Promise<void>;
  /** Work for which the grace period waits. */
  readonly unhurried: <T>(work: () => Promise<T>) => Promise<T>;
  /** Work that goes on until a signal ends it, as `unhurried`: that is its good end, and the program ends with its own exit code. */
  readonly untilStopped: <T>(work: () => Promise<T>) => Promise<T>;
  /** What came first, once something did; no signal that was waited for. */
  received(): Ending | undefined;
  stop(): void;
}

/**
 * Turns Ctrl-C and its kin into an AbortSignal: what is written stays whole, and a second Ctrl-C does not wait. So it
 * does with an error that was not caught, for views to put the terminal in order before it is reported.
 */
export function watchSignals(): SignalWatch {
  const controller = new AbortController();
  let first: Ending | undefined;
  let timer: NodeJS.Timeout | undefined;
  let unhurried = 0;
  let isExpected = false;
  let goNow: () => void;
  const overdue = new Promise<void>((resolve) => {
    goNow = resolve;
  });
  const names = Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[];
  const end = (ending: Ending): void => {
    if (first !== undefined) {
      goNow();
      return;
    }
    first = ending;
    controller.abort();
    if (unhurried === 0) timer = setTimeout(goNow, GRACE_MS);
  };
  const onSignal = (name: EndingSignal): void => end({ name });
  const onCrash = (crash: unknown): void => end({ crash });
  for (const name of names) process.on(name, onSignal);
  process.on('uncaughtException', onCrash);
  const withoutHurry = async <T>(work: () => Promise<T>): Promise<T> => {
    unhurried++;
    try {
      return await work();
    } finally {
      unhurried--;
      if (unhurried === 0 && first !== undefined) timer ??= setTimeout(goNow, GRACE_MS);
    }
  };
  return {
    signal: controller.signal,
    overdue,
    unhurried: withoutHurry,
    untilStopped(work) {
      isExpected = true;
      return withoutHurry(work);
    },
    received: () => (isExpected && first !== undefined && 'name' in first ? undefined : first),
    stop() {
      clearTimeout(timer);
      for (const name of names) process.off(name, onSignal);
      process.off('uncaughtException', onCrash);
    },
  };
}

/** Ctrl-C goes to all processes of a terminal: while another program has it, it is meant for that one alone. */
export async function withoutInterrupts<T>(work: () => Promise<T>): Promise<T> {
  const listeners = process.listeners('SIGINT');
  const ignore = () => undefined;
  process.removeAllListeners('SIGINT').on('SIGINT', ignore);
  try {
    return await work();
  } finally {
    process.off('SIGINT', ignore);
    for (const listener of listeners) process.on('SIGINT', listener);
  }
}
