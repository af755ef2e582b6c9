import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/commands/index.js';
import { type Setting, Settings } from '../../../src/commands/repl/settings.js';
import { findCommand } from '../../support/find-command.js';

const caption = findCommand('caption', COMMANDS);
const init = findCommand('init', COMMANDS);
const none = new Set<string>();
const shown = (settings: readonly Setting[]) =>
  settings.map(({ name, words, read }) => ({ name, words, value: read() }));

describe('settings', () => {
  it('are added to the commands that take them', () => {
    const settings = new Settings(COMMANDS);
    settings.set('beams', '4');
    settings.set('--early-stopping', undefined);
    settings.set('lengthPenalty', '-1');
    settings.set('seed', '7');
    expect(shown(settings.of(caption, none))).toEqual([
      { name: 'beams', words: ['--beams', '4'], value: 4 },
      { name: 'earlyStopping', words: ['--early-stopping'], value: true },
      { name: 'lengthPenalty', words: ['--length-penalty=-1'], value: -1 },
      { name: 'seed', words: ['--seed', '7'], value: 7 },
    ]);
    expect(shown(settings.of(init, none))).toEqual([{ name: 'seed', words: ['--seed', '7'], value: 7 }]);
  });

  it('are a list to a command that takes several', () => {
    const settings = new Settings(COMMANDS);
    settings.set('template', 'a {}');
    const of = (name: string) => shown(settings.of(findCommand(name, COMMANDS), none));
    expect(of('rank')).toEqual([{ name: 'template', words: ['--template', 'a {}'], value: 'a {}' }]);
    expect(of('classify')).toEqual([{ name: 'template', words: ['--template', 'a {}'], value: ['a {}'] }]);
  });

  it('yield to what is typed', () => {
    const settings = new Settings(COMMANDS);
    settings.set('beams', '4');
    expect(settings.of(caption, new Set(['beams']))).toEqual([]);
  });

  it('a flag can be off: said where that is an option, else left out', () => {
    const settings = new Settings(COMMANDS);
    settings.set('softmax', 'off');
    settings.set('quiet', 'no');
    expect(shown(settings.of(findCommand('rank', COMMANDS), none))).toEqual([
      { name: 'softmax', words: ['--no-softmax'], value: false },
    ]);
  });

  it('can be taken back', () => {
    const settings = new Settings(COMMANDS);
    settings.set('beams', '4');
    settings.unset('beams');
    expect(settings.entries()).toEqual([]);
    expect(() => settings.unset('beams')).toThrow('beams is not set');
  });

  it.each<[string, string | undefined, string]>([
    ['beems', '4', 'no command has an option --beems'],
    ['beams', 'four', "--beams takes a whole number, not 'four'"],
    ['beams', '0', '--beams must be at least 1, not 0'],
    ['strategy', 'bean', "--strategy takes beam, greedy or sample, not 'bean'"],
    ['beams', undefined, 'set beams needs a value'],
    ['softmax', 'maybe', "--softmax is on or off, not 'maybe'"],
  ])('set %s %s', (name, value, message) => {
    expect(() => new Settings(COMMANDS).set(name, value)).toThrow(message);
  });
});
