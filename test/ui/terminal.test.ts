import { describe, expect, it } from 'vitest';
import { choosePictureKind, pictureColumns } from '../../src/ui/picture/choose.js';
import { colorsOf, describeTerminal } from '../../src/ui/terminal.js';

describe('colorsOf', () => {
  it.each<[string, boolean, NodeJS.ProcessEnv, string]>([
    ['a pipe', false, { TERM: 'xterm-256color' }, 'none'],
    ['a terminal of 256 colours', true, { TERM: 'xterm-256color' }, '256'],
    ['a truecolor terminal', true, { TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'any'],
    ['tmux in a truecolor terminal', true, { TERM: 'screen-256color', TMUX: '/tmp/x', COLORTERM: 'truecolor' }, 'any'],
    ['tmux in another', true, { TERM: 'screen-256color', TMUX: '/tmp/x' }, '256'],
    ['FORCE_COLOR=2 in tmux', true, { TMUX: '/tmp/x', COLORTERM: '24bit', FORCE_COLOR: '2' }, '256'],
    ['NO_COLOR in tmux', true, { TMUX: '/tmp/x', COLORTERM: '24bit', NO_COLOR: '1' }, 'none'],
    ['an old terminal', true, { TERM: 'xterm' }, '16'],
    ['NO_COLOR', true, { TERM: 'xterm-256color', NO_COLOR: '1' }, 'none'],
    ['an empty NO_COLOR', true, { TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
    ['a dumb terminal', true, { TERM: 'dumb' }, 'none'],
    ['FORCE_COLOR on a pipe', false, { FORCE_COLOR: '1' }, '16'],
    ['FORCE_COLOR=3 on a pipe', false, { FORCE_COLOR: '3' }, 'any'],
    ['FORCE_COLOR=0', true, { TERM: 'xterm-256color', FORCE_COLOR: '0' }, 'none'],
    ['FORCE_COLOR over NO_COLOR', false, { FORCE_COLOR: '2', NO_COLOR: '1' }, '256'],
  ])('%s', (_, isTTY, env, colors) => {
    expect(colorsOf(isTTY, env)).toBe(colors);
  });
});

describe('describeTerminal', () => {
  it('takes 80 x 24 where the terminal says nothing', () => {
    const terminal = describeTerminal({ isTTY: true, columns: 0, rows: 0 }, {});
    expect([terminal.columns, terminal.rows]).toEqual([80, 24]);
  });
});

describe('pictures on a terminal', () => {
  const terminal = (env: NodeJS.ProcessEnv, columns = 80, rows = 24) =>
    describeTerminal({ isTTY: true, columns, rows }, env);

  it('draws nothing into a pipe, even when asked', async () => {
    expect(choosePictureKind('kitty', describeTerminal({}, {}))).toBe('none');
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ TERM: 'dumb' }, 'none'],
    // What is known of each terminal by itself.
    [{ TERM: 'xterm-kitty', KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'xterm-ghostty', TERM_PROGRAM: 'ghostty' }, 'kitty'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm' }, 'iterm'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.5.11' }, 'iterm'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.10.0' }, 'kitty'],
    [{ TERM: 'xterm-256color', KONSOLE_VERSION: '230801' }, 'kitty'],
    [{ TERM: 'xterm-256color', KONSOLE_VERSION: '210802' }, 'blocks'],
    [{ TERM: 'foot' }, 'sixel'],
    [{ TERM: 'xterm-256color' }, 'blocks'],
    [{ TERM: 'xterm-256color', WT_SESSION: 'x' }, 'blocks'],
    [{ TERM: 'xterm-256color', VTE_VERSION: '7600' }, 'blocks'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '1.123.0' }, 'blocks'],
    // What sits between lets nothing through, though it passes the outer terminal's variables on.
    [{ TERM: 'tmux-256color', TMUX: '/tmp/x', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'screen', STY: '1.pts', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'xterm-kitty', ZELLIJ: '0', ZELLIJ_SESSION_NAME: 's', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'xterm-256color', NVIM: '/run/nvim', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'xterm-256color', INSIDE_EMACS: '29.1,vterm', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'xterm-kitty', ASCIINEMA_SESSION: 'x', KITTY_WINDOW_ID: '1' }, 'blocks'],
    // One terminal or editor started from another.
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'vscode', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'xterm-kitty', TERM_PROGRAM: 'vscode', KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'alacritty', KITTY_WINDOW_ID: '1' }, 'blocks'],
    [{ TERM: 'xterm-256color', VTE_VERSION: '7600', KITTY_WINDOW_ID: '1' }, 'blocks'],
    // By ssh come TERM and what begins with LC_.
    [{ TERM: 'xterm-kitty', SSH_TTY: '/dev/pts/0' }, 'kitty'],
    [{ TERM: 'xterm-256color', LC_TERMINAL: 'iTerm2', SSH_TTY: '/dev/pts/0' }, 'iterm'],
    [{ TERM: 'tmux-256color', LC_TERMINAL: 'iTerm2', SSH_TTY: '/dev/pts/0' }, 'blocks'],
  ])('chooses by the environment %j', async (env, kind) => {
    expect(choosePictureKind('auto', terminal(env))).toBe(kind);
  });

  it('takes what was asked for', async () => {
    expect(choosePictureKind('sixel', terminal({ TERM: 'dumb' }))).toBe('sixel');
  });

  it.each<[number, number, number, number]>([
    [80, 24, 22, 34],
    [200, 60, 22, 44],
    [30, 60, 22, 28],
    [10, 3, 22, 0],
  ])('at %i x %i a picture of at most %i rows takes %i columns', (columns, rows, maxRows, expected) => {
    expect(pictureColumns(terminal({}, columns, rows), 7, maxRows)).toBe(expected);
  });
});
