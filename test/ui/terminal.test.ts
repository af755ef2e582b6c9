import { describe, expect, it } from 'vitest';
import { choosePictureKind, pictureColumns } from '../../src/ui/picture.js';
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
    expect(await choosePictureKind('kitty', describeTerminal({}, {}))).toBe('none');
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ TERM: 'dumb' }, 'none'],
    [{ TERM: 'tmux-256color', TMUX: '/tmp/x', KITTY_WINDOW_ID: '1' }, 'blocks'],
  ])('chooses by the environment %j', async (env, kind) => {
    expect(await choosePictureKind('auto', terminal(env))).toBe(kind);
  });

  it('takes what was asked for', async () => {
    expect(await choosePictureKind('sixel', terminal({ TERM: 'dumb' }))).toBe('sixel');
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
