import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GLOBAL_OPTIONS, kebab } from '../../src/cli/command.js';
import { commandHelp, HelpPage, programHelp } from '../../src/cli/help.js';
import { COMMANDS } from '../../src/commands/index.js';
import type { Colors } from '../../src/ui/terminal.js';
import { findCommand } from '../support/find-command.js';

const at = (columns: number, colors: Colors = 'none') => new HelpPage({ columns, colors });

describe('help', () => {
  it('lists every command, every global option and the exit codes', () => {
    const text = programHelp(COMMANDS, '1.2.3', at(80));
    expect(text).toContain('coca 1.2.3');
    for (const { name, summary } of COMMANDS) {
      expect(text).toContain(`  ${name} `);
      expect(text.replace(/\s+/g, ' ')).toContain(summary);
    }
    for (const name of Object.keys(GLOBAL_OPTIONS)) expect(text).toContain(`--${kebab(name)}`);
    expect(text.replace(/\s+/g, ' ')).toMatch(/0 all done, 1 some .* 64 wrong usage, 130 Ctrl-C/);
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s: options, arguments, examples',
    (_, command) => {
      const text = commandHelp(command, at(80));
      const flat = text.replace(/\s+/g, ' ');
      expect(text).toMatch(new RegExp(`^Usage: coca ${command.name} `, 'm'));
      for (const [name, spec] of Object.entries(command.options)) {
        expect(text).toContain(kebab(name));
        expect(flat).toContain(spec.description);
      }
      for (const name of command.globals) expect(text).toContain(`--${name}`);
      for (const { name } of command.args) expect(text).toContain(`  ${name}`);
      for (const example of command.examples) expect(text).toContain(example.line);
    },
  );

  it.each([40, 80, 200])('wraps at %i columns', (columns) => {
    const isExample = (line: string): boolean => /^ {2}(coca|find|curl|printf) /.test(line);
    for (const command of COMMANDS) {
      const lines = commandHelp(command, at(columns))
        .split('\n')
        .filter((line) => !isExample(line));
      // What is longer than a line and has no space stays whole.
      for (const line of lines) if (line.trim().includes(' ')) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  it('says what an option is without being typed', () => {
    const text = commandHelp(findCommand('caption', COMMANDS), at(100)).replace(/\s+/g, ' ');
    expect(text).toContain('--beams N hypotheses kept side by side (default: 6)');
    expect(text).toContain('(beam | greedy | sample; default: beam)');
    expect(text).toContain('--logprobs [N]');
  });

  it('examples come first', () => {
    for (const command of COMMANDS) {
      const text = commandHelp(command, at(80));
      expect(text.indexOf(command.examples[0]!.line), command.name).toBeLessThan(text.indexOf('General options:'));
      expect(
        text
          .split('\n')
          .slice(1)
          .find((line) => line.endsWith(':')),
      ).toBe('Examples:');
    }
    const program = programHelp(COMMANDS, '1', at(80));
    expect(program.indexOf('Examples:')).toBeLessThan(program.indexOf('Commands:'));
  });

  it('headings, options and what is typed stand out where there are colours, and nothing else changes', () => {
    const caption = findCommand('caption', COMMANDS);
    const painted = commandHelp(caption, at(80, '256'));
    const bold = (text: string) => `\u001b[1m${text}\u001b[22m`;
    expect(painted).toContain(`  ${bold('--beams')} N `);
    expect(painted).toContain(`  ${bold('-o')}, ${bold('--output')} FILE`);
    expect(painted).toContain('\u001b[1m\u001b[4mExamples:');
    expect(painted).toContain(`  ${bold('coca caption photo.jpg')}\n`);
    expect(stripVTControlCharacters(painted)).toBe(commandHelp(caption, at(80)));
    const program = programHelp(COMMANDS, '1', at(80, 'any'));
    expect(program).toContain(`  ${bold('coca caption photo.jpg')}  `);
    expect(stripVTControlCharacters(program)).toBe(programHelp(COMMANDS, '1', at(80)));
  });

  it('a wide terminal has room for both columns', () => {
    const longest = (columns: number) =>
      Math.max(
        ...commandHelp(findCommand('caption', COMMANDS), at(columns))
          .split('\n')
          .map((line) => line.length),
      );
    expect(longest(120)).toBeGreaterThan(110);
    // Longer lines are hard to follow.
    expect(longest(300)).toBeLessThan(140);
  });
});
