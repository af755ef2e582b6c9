import { describe, expect, it } from 'vitest';
import { GLOBAL_OPTIONS, kebab } from '../../src/cli/command.js';
import { commandHelp, programHelp } from '../../src/cli/help.js';
import { COMMANDS } from '../../src/commands/index.js';
import { findCommand } from '../support/find-command.js';

describe('help', () => {
  it('lists every command, every global option and the exit codes', () => {
    const text = programHelp(COMMANDS, '1.2.3', 80);
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
      const text = commandHelp(command, 80);
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
      const lines = commandHelp(command, columns)
        .split('\n')
        .filter((line) => !isExample(line));
      // What is longer than a line and has no space stays whole.
      for (const line of lines) if (line.trim().includes(' ')) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  it('says what an option is without being typed', () => {
    const text = commandHelp(findCommand('caption', COMMANDS), 100).replace(/\s+/g, ' ');
    expect(text).toContain('--beams N hypotheses kept side by side (default: 6)');
    expect(text).toContain('(beam | greedy | sample; default: beam)');
    expect(text).toContain('--logprobs [N]');
  });
});
