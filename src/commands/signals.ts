/** Exit codes of a program that a signal ended: 128 + its number. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
export type EndingSignal = keyof typeof SIGNAL_EXIT_CODES;

/** How long work may take to come to a clean stop after the first signal. */
const GRACE_MS = 1500;

export interface SignalWatch {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Resolves with the signal when it is time to go: after the grace period, or at a second signal. */
  readonly overdue: Promise<EndingSignal>;
  /** The first signal, once there was one. */
  received(): EndingSignal | undefined;
  stop(): void;
}

/** Turns Ctrl-C and its kin into an AbortSignal: what is written stays whole, and a second Ctrl-C does not wait. */
export function watchSignals(): SignalWatch {
  const controller = new AbortController();
  let first: EndingSignal | undefined;
  let timer: NodeJS.Timeout | undefined;
  let goNow: (name: EndingSignal) => void;
  const overdue = new Promise<EndingSignal>((resolve) => {
    goNow = resolve;
  });
  const names = Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[];
  const onSignal = (name: EndingSignal): void => {
    if (first !== undefined) {
      goNow(first);
      return;
    }
    first = name;
    controller.abort(name);
    timer = setTimeout(() => goNow(name), GRACE_MS);
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    overdue,
    received: () => first,
    stop() {
      clearTimeout(timer);
      for (const name of names) process.off(name, onSignal);
    },
  };
}
