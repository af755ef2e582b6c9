import type { Writable } from 'node:stream';

/** One line at the foot of the terminal that is rewritten in place and leaves nothing behind. */
export interface StatusLine {
  /** Whether there is a terminal to show it on. */
  readonly isShown: boolean;
  /**
   * Shows `text` (plain, one line; it is cut to the terminal's width). Does nothing where there is no terminal: a text that
   * costs something is given as what makes it, which is called only where the text is shown.
   */
  show(text: string | (() => string)): void;
  /** Removes the line, for other output to take its place. */
  clear(): void;
}

const REDRAW_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

/** One that shows nothing. */
export const NO_STATUS: StatusLine = { isShown: false, show: () => undefined, clear: () => undefined };

/** A status line on `stream`; one that shows nothing when `enabled` is false. */
export function statusLine(stream: Writable & { columns?: number }, enabled: boolean): StatusLine {
  if (!enabled) return NO_STATUS;
  let shown = false;
  let last = Number.NEGATIVE_INFINITY;
  return {
    isShown: true,
    show(text) {
      const now = performance.now();
      if (now - last < REDRAW_MS) return;
      last = now;
      shown = true;
      // One column stays free: a full line would wrap on some terminals and could not be erased.
      const line = typeof text === 'string' ? text : text();
      stream.write(ERASE_LINE + line.slice(0, Math.max(0, (stream.columns ?? 80) - 1)));
    },
    clear() {
      if (shown) stream.write(ERASE_LINE);
      shown = false;
      // What comes next is not to wait for what is gone.
      last = Number.NEGATIVE_INFINITY;
    },
  };
}

/**
 * "12/340 · 3.1/s · 1 min 46 s left"; without a total only what is known.
 * @param earlier how many of `done` were done before the time began
 */
export function progressText(done: number, total: number | undefined, elapsedMs: number, earlier = 0): string {
  const rate = elapsedMs > 0 ? ((done - earlier) * 1000) / elapsedMs : 0;
  const parts = [total === undefined ? String(done) : `${done}/${total}`];
  if (done > 0 && rate > 0) {
    parts.push(rate >= 1 ? `${rate.toFixed(1)}/s` : `${(1 / rate).toFixed(1)} s each`);
    if (total !== undefined && total > done) parts.push(`${durationText((total - done) / rate)} left`);
  }
  return parts.join(' · ');
}

/** Seconds as "8 s", "1 min 46 s", "2 h 5 min". */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** "512 B", "13.9 MB", "1.01 GB": three digits, powers of a thousand as the hub's pages count. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would be written as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}
