import { describe, expect, test } from 'vitest';
import { Screen } from '../../src/ui/screen.js';
import { FakeStdout } from '../support/terminal-streams.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

function open() {
  const stdout = new FakeStdout(20, 6);
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  const terminal = () => new VirtualTerminal(20, 6).write(stdout.frames.join(''));
  return { stdout, screen, terminal };
}

describe('paintings', () => {
  test('lie over the text, and the cursor stays where it was', () => {
    const { screen, terminal } = open();
    screen.setPaintings([{ row: 1, column: 3, lines: ['ab', 'cd'] }]);
    screen.write('one\ntwo\nthree\n');
    expect(terminal().lines().slice(0, 3)).toEqual(['one', 'twoab', 'thrcd']);
    screen.write('x');
    expect(terminal().lines()[3]).toBe('x');
  });

  test('are painted without text, only the lines that changed', () => {
    const { stdout, screen, terminal } = open();
    screen.setPaintings([{ row: 0, column: 0, lines: ['first', 'second', 'third'] }]);
    screen.flush();
    screen.setPaintings([{ row: 0, column: 0, lines: ['first', 'other ', 'third'] }]);
    screen.flush();
    expect(stdout.frames[1]).toBe('\u001b7\u001b[2;1Hother \u001b8');
    expect(terminal().lines().slice(0, 3)).toEqual(['first', 'other', 'third']);
    screen.flush();
    screen.setPaintings([{ row: 0, column: 0, lines: ['first', 'other ', 'third'] }]);
    screen.flush();
    expect(stdout.frames).toHaveLength(2);
  });

  test('a line that was away is painted when it comes back', () => {
    const { screen, terminal } = open();
    const picture = { row: 0, column: 5, lines: ['##'] };
    screen.setPaintings([{ row: 0, column: 0, lines: ['text '] }, picture]);
    screen.flush();
    screen.setPaintings([{ row: 0, column: 0, lines: ['text   '] }]);
    screen.flush();
    expect(terminal().lines()[0]).toBe('text');
    screen.setPaintings([{ row: 0, column: 0, lines: ['text '] }, picture]);
    screen.flush();
    expect(terminal().lines()[0]).toBe('text ##');
  });

  test('all come again after text, and after another size', () => {
    const { stdout, screen, terminal } = open();
    const unfollow = screen.follow();
    screen.setPaintings([{ row: 0, column: 0, lines: ['first', 'second'] }]);
    screen.flush();
    screen.write('\u001b[H\u001b[2Jfresh\n');
    expect(stdout.frames[1]).toContain('second');
    stdout.resize(20, 6);
    screen.flush();
    expect(terminal().lines().slice(0, 2)).toEqual(['first', 'second']);
    unfollow();
  });
});
