import { readFileSync } from 'node:fs';
import type { PictureKind } from './raster.js';

/**
 * Which terminals are known to draw pictures, and how; and what sits between a program and its terminal that lets none
 * through. The one place for both. A terminal's variables are inherited by all that is started in it, another terminal and an
 * editor's among them, so the order counts: what is between comes first, then what names the innermost (TERM,
 * TERM_PROGRAM), and the marks that merely may have been left by an outer one come last.
 */
export interface KnownTerminal {
  readonly name: string;
  readonly draws: Exclude<PictureKind, 'none'>;
  /** What to do for real pictures, where there is something to do. */
  readonly advice?: string;
  readonly is: (env: NodeJS.ProcessEnv) => boolean;
}

const program = (env: NodeJS.ProcessEnv): string => (env.TERM_PROGRAM ?? '').toLowerCase();
const term = (env: NodeJS.ProcessEnv): string => env.TERM ?? '';
/** Whether TERM_PROGRAM_VERSION is at least so much, part by part. */
const isFrom = (env: NodeJS.ProcessEnv, ...least: number[]): boolean => {
  const parts = (env.TERM_PROGRAM_VERSION ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);
  const at = least.findIndex((part, i) => part !== (parts[i] ?? 0));
  return at < 0 || (parts[at] ?? 0) > least[at]!;
};

const OUTSIDE = 'outside of it the terminal may show real pictures';

const BETWEEN: readonly KnownTerminal[] = [
  // ssh from within tmux or screen brings their TERM along, and of the terminal around them what begins with LC_.
  { name: 'tmux', draws: 'blocks', advice: OUTSIDE, is: (env) => Boolean(env.TMUX) || /^tmux/.test(term(env)) },
  { name: 'GNU screen', draws: 'blocks', advice: OUTSIDE, is: (env) => Boolean(env.STY) || /^screen/.test(term(env)) },
  // ZELLIJ is 0 in all its panes.
  { name: 'Zellij', draws: 'blocks', advice: OUTSIDE, is: (env) => Boolean(env.ZELLIJ || env.ZELLIJ_SESSION_NAME) },
  { name: 'a terminal in Neovim', draws: 'blocks', advice: OUTSIDE, is: (env) => Boolean(env.NVIM) },
  { name: 'a terminal in Vim', draws: 'blocks', advice: OUTSIDE, is: (env) => Boolean(env.VIM_TERMINAL) },
  { name: 'Emacs', draws: 'blocks', advice: OUTSIDE, is: (env) => Boolean(env.INSIDE_EMACS) },
  {
    name: 'a recording by asciinema',
    draws: 'blocks',
    is: (env) => Boolean(env.ASCIINEMA_REC || env.ASCIINEMA_SESSION),
  },
  { name: 'mosh', draws: 'blocks', advice: 'over ssh the terminal may show real pictures', is: isUnderMosh },
];

const byTerm = (name: string, draws: KnownTerminal['draws'], pattern: RegExp): KnownTerminal => ({
  name,
  draws,
  is: (env) => pattern.test(term(env)),
});

/** TERM is set by every terminal anew. */
const BY_TERM: readonly KnownTerminal[] = [
  byTerm('kitty', 'kitty', /kitty/i),
  byTerm('Ghostty', 'kitty', /^xterm-ghostty/),
  byTerm('Rio', 'kitty', /^(xterm-)?rio$/),
  byTerm('WezTerm', 'iterm', /^wezterm/),
  byTerm('foot', 'sixel', /^foot/),
  byTerm('mlterm', 'sixel', /^mlterm/),
  byTerm('Contour', 'sixel', /^contour/),
  byTerm('Alacritty', 'blocks', /^alacritty/),
  byTerm('a terminal without pictures', 'blocks', /^(linux|vt\d+|rxvt.*|st(-.*)?|eterm.*)$/i),
];

const byProgram = (name: string, draws: KnownTerminal['draws'], ...least: number[]): KnownTerminal => ({
  name,
  draws,
  is: (env) => program(env) === name.toLowerCase() && isFrom(env, ...least),
});

/** TERM_PROGRAM is set by those that call themselves xterm. */
const BY_PROGRAM: readonly KnownTerminal[] = [
  {
    ...byProgram('vscode', 'blocks'),
    advice: 'with its setting terminal.integrated.enableImages on, --images iterm draws real ones',
  },
  byProgram('kitty', 'kitty'),
  byProgram('ghostty', 'kitty'),
  byProgram('rio', 'kitty'),
  byProgram('WarpTerminal', 'kitty'),
  byProgram('WezTerm', 'iterm'),
  byProgram('iTerm.app', 'kitty', 3, 6),
  byProgram('iTerm.app', 'iterm', 2, 9),
  byProgram('mintty', 'iterm'),
  byProgram('contour', 'sixel'),
  byProgram('Apple_Terminal', 'blocks'),
  { name: 'a terminal of JetBrains', draws: 'blocks', is: (env) => /jetbrains/i.test(env.TERMINAL_EMULATOR ?? '') },
];

/** Marks of a terminal that a terminal started in it inherits. */
const MARKED: readonly KnownTerminal[] = [
  {
    name: 'Windows Terminal',
    draws: 'blocks',
    advice: 'from version 1.22 on, --images sixel draws real ones',
    is: (env) => Boolean(env.WT_SESSION),
  },
  // KONSOLE_VERSION is year, month and patch: 22.04 is 220400.
  { name: 'Konsole', draws: 'kitty', is: (env) => Number.parseInt(env.KONSOLE_VERSION ?? '', 10) >= 220_400 },
  { name: 'an older Konsole', draws: 'blocks', is: (env) => Boolean(env.KONSOLE_VERSION) },
  { name: 'a terminal of GNOME', draws: 'blocks', is: (env) => Boolean(env.VTE_VERSION) },
  { name: 'Alacritty', draws: 'blocks', is: (env) => Boolean(env.ALACRITTY_WINDOW_ID) },
  { name: 'WezTerm', draws: 'iterm', is: (env) => Boolean(env.WEZTERM_PANE || env.WEZTERM_UNIX_SOCKET) },
  { name: 'Ghostty', draws: 'kitty', is: (env) => Boolean(env.GHOSTTY_RESOURCES_DIR) },
  { name: 'kitty', draws: 'kitty', is: (env) => Boolean(env.KITTY_WINDOW_ID || env.KITTY_PID) },
  // The mark that ssh sends on.
  { name: 'iTerm2', draws: 'iterm', is: (env) => (env.LC_TERMINAL ?? '').toLowerCase() === 'iterm2' },
];

/** The terminal that the environment speaks of, if it is known. */
export function knownTerminal(env: NodeJS.ProcessEnv): KnownTerminal | undefined {
  return [...BETWEEN, ...BY_TERM, ...BY_PROGRAM, ...MARKED].find(({ is }) => is(env));
}

/** Mosh keeps a screen of its own and draws it anew at the other end; no variable tells, but the shell's parent does. */
function isUnderMosh(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const session = statFields('self')[3]!;
    const parent = statFields(session)[1]!;
    return readFileSync(`/proc/${parent}/comm`, 'utf8').startsWith('mosh-server');
  } catch {
    // Another user's processes can be hidden.
    return false;
  }
}

/** The fields of /proc/PID/stat after the name, which is in parentheses and may have any character in it: state, ppid, pgrp, session, ... */
function statFields(pid: string): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
