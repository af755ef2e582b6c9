/** What a terminal sends for the keys that are no characters. */
export const KEYS = {
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  home: '\u001b[H',
  end: '\u001b[F',
  pageDown: '\u001b[6~',
  remove: '\u001b[3~',
  escape: '\u001b',
  enter: '\r',
  tab: '\t',
  backspace: '\u007f',
  interrupt: '\u0003',
} as const;
