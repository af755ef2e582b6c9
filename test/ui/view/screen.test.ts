import { describe, expect, test } from 'vitest';
import { kittyImage } from '../../../src/ui/picture/kitty.js';
import { sixelImage } from '../../../src/ui/picture/sixel.js';
import { type Painting, Screen } from '../../../src/ui/view/screen.js';
import { FakeStdout } from '../../support/terminal-streams.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

const cells = (row: number, column: number, ...lines: string[]): Painting => ({
  row,
  column,
  drawing: { cells: lines },
});
const image = kittyImage({ size: 1, rgb: Uint8Array.of(1, 2, 3) }, { columns: 4, rows: 2 });
const picture = (row: number, column: number): Painting => ({ row, column, drawing: { kitty: image } });

function open() {
  const stdout = new FakeStdout(20, 6);
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  return {
    stdout,
    screen,
    stop: screen.follow(),
    terminal: () => new VirtualTerminal(20, 6).write(stdout.frames.join('')),
  };
}

describe('cells', () => {
  test('lie over the text, and the cursor is where the text left it', () => {
    const { screen, terminal } = open();
    screen.setPaintings([cells(0, 2, 'XX', 'YY')]);
    screen.write('text\ntext\n');
    screen.write('more');
    expect(terminal().text()).toBe('teXX\nteYY\nmore');
  });

  test('are painted without text, too, and once', () => {
    const { screen, stdout, terminal } = open();
    screen.setPaintings([cells(1, 0, 'X')]);
    screen.flush();
    screen.flush();
    expect(terminal().text()).toBe('\nX');
    expect(stdout.frames).toHaveLength(1);
  });

  test('of which only the lines that changed are painted, until text comes or the screen is cleared', () => {
    const { screen, stdout, terminal } = open();
    screen.setPaintings([cells(0, 0, 'first', 'second', 'third')]);
    screen.flush();
    screen.setPaintings([cells(0, 0, 'first', 'other ', 'third')]);
    screen.flush();
    expect(stdout.frames[1]).toBe('\u001b7\u001b[2;1Hother \u001b8');
    screen.setPaintings([cells(0, 0, 'first', 'other ', 'third')]);
    screen.flush();
    expect(stdout.frames).toHaveLength(2);
    screen.write('\u001b[Htext\n');
    expect(stdout.frames[2]).toContain('third');
    stdout.resize(20, 6);
    screen.flush();
    expect(terminal().text()).toBe('first\nother\nthird');
  });

  test('that were away are painted when they come back', () => {
    const { screen, terminal } = open();
    const both = [cells(0, 0, 'text '), cells(0, 5, '##')];
    screen.setPaintings(both);
    screen.flush();
    screen.setPaintings([cells(0, 0, 'text   ')]);
    screen.flush();
    expect(terminal().text()).toBe('text');
    screen.setPaintings(both);
    screen.flush();
    expect(terminal().text()).toBe('text ##');
  });

  test('that go to other places take what was drawn at the old ones with them', () => {
    const { screen, terminal, stdout } = open();
    screen.setPaintings([cells(3, 5, 'XX')]);
    screen.write('one\n');
    expect(terminal().text()).toContain('XX');
    screen.setPaintings([cells(2, 0, 'Y')]);
    screen.write('\u001b[Htwo\n');
    expect(terminal().text()).toBe('two\n\nY');
    screen.setPaintings([cells(2, 0, 'Z')]);
    screen.write('\u001b[Htwo\n');
    expect(stdout.frames.at(-1)).not.toContain('\u001b[2J');
  });
});

test('an inline picture empties the cells that it takes from others', () => {
  const { screen, terminal } = open();
  screen.setPaintings([cells(0, 0, 'XXXX', 'XXXX')]);
  screen.write('\n');
  const inline = sixelImage({ size: 30, rgb: new Uint8Array(30 * 30 * 3) }, 1); // less than 4 x 2 cells of 10 x 20
  screen.setPaintings([{ row: 0, column: 0, drawing: { inline, columns: 4, rows: 2 } }]);
  screen.flush();
  expect(terminal().text()).toBe('');
  expect(terminal().pictures()).toEqual([expect.objectContaining({ protocol: 'sixel', row: 0, column: 0 })]);
});

describe('pictures that a terminal keeps', () => {
  test('are sent once, whatever text comes', () => {
    const { screen, stdout, terminal } = open();
    screen.setPaintings([picture(1, 3)]);
    screen.write('one\n');
    screen.write('\u001b[Htwo\n');
    expect(stdout.frames.join('').match(/\u001b_G/g)).toHaveLength(1);
    expect(terminal().pictures()).toEqual([expect.objectContaining({ row: 1, column: 3 })]);
    expect(terminal().text()).toBe('two');
  });

  test('are gone where none are wanted', () => {
    const { screen, terminal } = open();
    screen.setPaintings([picture(1, 3)]);
    screen.write('one\n');
    screen.setPaintings([]);
    screen.write('two\n');
    expect(terminal().pictures()).toEqual([]);
  });

  test('are sent again after another size, which clears the screen', () => {
    const { screen, stdout, terminal } = open();
    let told = 0;
    screen.on('resize', () => told++);
    screen.setPaintings([picture(1, 3)]);
    screen.write('one\n');
    stdout.resize(20, 6);
    expect(told).toBe(1);
    expect(terminal().pictures()).toEqual([]);
    expect(stdout.frames.at(-1)).toMatch(/^\u001b_Ga=d,d=I,i=\d+,q=2\u001b\\\u001b\[2J/);
    screen.write('two\n');
    expect(terminal().pictures()).toHaveLength(1);
  });

  test('do not stay behind', () => {
    const { screen, stop, stdout, terminal } = open();
    screen.setPaintings([picture(1, 3)]);
    screen.write('one\n');
    stop();
    expect(terminal().pictures()).toEqual([]);
    const count = stdout.frames.length;
    stdout.resize(10, 3);
    expect(stdout.frames).toHaveLength(count);
  });
});
