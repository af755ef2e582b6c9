import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteLine, quoteWord, splitLine, splitPartial } from '../../../src/commands/repl/line/words.js';

const texts = (line: string, isWindows = false): string[] => splitLine(line, isWindows).map(({ text }) => text);

describe('words of a line', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['   ', []],
    ['caption a.png', ['caption', 'a.png']],
    ['  rank \'a dog\'  "a cat" ', ['rank', 'a dog', 'a cat']],
    ['a\\ b.png', ['a b.png']],
    ['"a \\"b\\" \\c"', ['a "b" \\c']],
    ["'a \\ b'", ['a \\ b']],
    [
      "rank a dog's bed | the cats' | rock 'n' roll",
      ['rank', 'a', "dog's", 'bed', '|', 'the', "cats'", '|', 'rock', 'n', 'roll'],
    ],
    ["'it'\\''s' it\\'s --labels='a b',c\"d e\"", ["it's", "it's", '--labels=a b,cd e']],
    ["it''s été's", ["it''s", "été's"]],
    ["coca rank it''s a'b c'", ['coca', 'rank', 'its', 'ab c']],
    ["''", ['']],
    ['a dog|a cat', ['a', 'dog', '|', 'a', 'cat']],
    ["'a|b'", ['a|b']],
    ['a\\|b', ['a|b']],
    ['a\\', ['a\\']],
  ])('%j', (line, expected) => expect(texts(line)).toEqual(expected));

  it('on Windows a backslash is part of a path', () => {
    expect(texts('C:\\pictures\\a.png', true)).toEqual(['C:\\pictures\\a.png']);
  });

  it('knows what was quoted, and which bars part', () => {
    const [verb, quoted, bar, mixed] = splitLine('rank "a" | b\\ c', false);
    expect(verb).toMatchObject({ text: 'rank', start: 0, end: 4, isQuoted: false });
    expect(quoted).toMatchObject({ text: 'a', start: 5, end: 8, isQuoted: true });
    expect(bar).toMatchObject({ text: '|', isBar: true });
    expect(mixed).toMatchObject({ text: 'b c', isQuoted: true, isBar: false });
    expect(splitLine("'|'", false)[0]).toMatchObject({ text: '|', isBar: false });
  });

  it('a quote that is not closed is no line', () => {
    expect(() => splitLine('rank "a dog', false)).toThrow('the quote " before "a dog" is not closed');
    expect(splitPartial('rank "a dog', false)).toMatchObject({ open: '"', isEnded: false });
    expect(splitPartial('rank ', false)).toMatchObject({ open: undefined, isEnded: true });
  });
});

describe('quoting', () => {
  it.each<[string, string]>([
    ['a.png', 'a.png'],
    ['a dog', "'a dog'"],
    ["it's", "'it'\\''s'"],
    ['', "''"],
    ['~/a', "'~/a'"],
    ['$HOME', "'$HOME'"],
    ['a\nb', "$'a\\x0ab'"],
    ['a\udcffb', "$'a\\xffb'"],
    ['--beams', '--beams'],
  ])('%j', (word, expected) => expect(quoteWord(word)).toBe(expected));

  it('reads back in a session what it wrote', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !/[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(text));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(texts(quoteLine(words))).toEqual(words);
      }),
    );
  });

  it('bash reads the same bytes', () => {
    const byte = fc.integer({ min: 1, max: 255 });
    const name = fc.array(byte, { minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes));
    const names = fc.sample(name, { numRuns: 40, seed: 5 });
    const asText = (bytes: Buffer): string =>
      Array.from(bytes, (code) => String.fromCharCode(code < 0x80 ? code : 0xdc00 + code)).join('');
    const script = `printf '%s\\0' ${quoteLine(names.map(asText))}`;
    const printed = execFileSync('bash', ['-c', script], { env: { ...process.env, LC_ALL: 'C' } });
    expect(printed.equals(Buffer.concat(names.flatMap((bytes) => [bytes, Buffer.of(0)])))).toBe(true);
  });
});
