import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/cli/command.js';
import { COMMANDS } from '../../../src/commands/index.js';
import { type Fillings, fillArguments } from '../../../src/commands/repl/line/arguments.js';
import { splitLine } from '../../../src/commands/repl/line/words.js';
import { findCommand } from '../../support/find-command.js';

const OPEN: Fillings = {
  pictures: ['a.png', 'dir/b.png'],
  picture: 'dir/b.png',
  caption: 'a dog',
  exists: (path) => path === 'plain',
  isPicture: (path) => path === 'other.png' || path === 'plain',
};
const NOTHING: Fillings = {
  pictures: [],
  picture: undefined,
  caption: undefined,
  exists: () => false,
  isPicture: () => false,
};

function fill(line: string, fillings = OPEN): string[] {
  const [verb, ...words] = splitLine(line, false);
  const command: Command = findCommand(verb!.text, COMMANDS);
  const { positionals, options } = fillArguments(command, words, fillings);
  return [...positionals, '|', ...options];
}

describe('what a line leaves out', () => {
  it.each<[string, string[]]>([
    ['caption', ['dir/b.png', '|']],
    ['caption --beams 3', ['dir/b.png', '|', '--beams', '3']],
    ['caption 1 @2', ['a.png', 'dir/b.png', '|']],
    ['caption --logprobs c.png', ['c.png', '|', '--logprobs']],
    ['caption --logprobs 5 c.png', ['c.png', '|', '--logprobs', '5']],
    ['caption --files list', ['|', '--files', 'list']],
    ["caption '1'", ['1', '|']],
    ['caption ~/c.png', [`${homedir()}/c.png`, '|']],
    ["caption '~/c.png'", ['~/c.png', '|']],
    ['caption file:///tmp/a%20b.png', ['/tmp/a b.png', '|']],
    ['embed', ['dir/b.png', '|']],
    ['embed --text dog cat', ['|', '--text', 'dog', 'cat']],
    ['rank a dog | a cat', ['dir/b.png', 'a dog', 'a cat', '|']],
    ['rank a dog|a cat|a bird --by both', ['dir/b.png', 'a dog', 'a cat', 'a bird', '|', '--by', 'both']],
    ['rank @1 a dog | 2 cats', ['a.png', 'a dog', '2 cats', '|']],
    ['rank 2 dogs | 3 dogs', ['dir/b.png', '2 dogs', '3 dogs', '|']],
    ['rank c.png a dog | a cat', ['c.png', 'a dog', 'a cat', '|']],
    ['rank plain a dog | a cat', ['plain', 'a dog', 'a cat', '|']],
    ['rank a dog', ['dir/b.png', 'a dog', '|']],
    ['rank "a dog" "a cat"', ['dir/b.png', 'a dog', 'a cat', '|']],
    ['rank', ['dir/b.png', 'a dog', '|']],
    ['rank --captions list', ['dir/b.png', '|', '--captions', 'list']],
    ['rank -i x.png a dog | a cat', ['a dog', 'a cat', '|', '-i', 'x.png']],
    ['attend', ['dir/b.png', 'a dog', '|']],
    ['attend --beams 3', ['dir/b.png', '|', '--beams', '3']],
    ['attend @1', ['a.png', '|']],
    ['trace @1 @2 a dog', ['a.png', 'dir/b.png', 'a dog', '|']],
    ['trace @1 a dog', ['dir/b.png', 'a.png', 'a dog', '|']],
    ['trace @1', ['dir/b.png', 'a.png', 'a dog', '|']],
    ['trace c.png @1 a dog --word dog', ['c.png', 'a.png', 'a dog', '|', '--word', 'dog']],
    ['attend a dog on a beach', ['dir/b.png', 'a dog on a beach', '|']],
    ['attend a dog --layer 1', ['dir/b.png', 'a dog', '|', '--layer', '1']],
    ['attend https://example.org/a.png', ['https://example.org/a.png', '|']],
    ["attend -- --odd 'caption'", ['dir/b.png', '--odd caption', '|']],
    ['eval scenes.json --pointing', ['scenes.json', '|', '--pointing']],
  ])('%s', (line, expected) => expect(fill(line)).toEqual(expected));

  it.each<[string, RegExp]>([
    ['caption', /no picture is open/],
    ['rank a | b', /no picture is open/],
    ['caption 1', /there is no picture 1: none is open/],
  ])('nothing open: %s', (line, message) => expect(() => fill(line, NOTHING)).toThrow(message));

  it('a number past the last picture, a bar with nothing beside it', () => {
    expect(() => fill('caption 3')).toThrow('there is no picture 3: 2 are open');
    expect(() => fill('rank a dog |')).toThrow('a bar (|) has no caption on one side');
    expect(() => fill('rank a || b')).toThrow('a bar (|) has no caption on one side');
  });

  it('a caption that is not known is not filled in', () => {
    expect(fill('attend', { ...OPEN, caption: undefined })).toEqual(['dir/b.png', '|']);
  });
});
