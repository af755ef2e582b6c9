import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bar, hanging, padEnd, truncate, truncateStart, widthOf, wrap } from '../../src/ui/layout.js';

describe('wrap', () => {
  it.each<[string, number, string[]]>([
    ['a small book on a pink background', 12, ['a small book', 'on a pink', 'background']],
    ['犬と猫が並ぶ', 6, ['犬と猫', 'が並ぶ']],
    ['abcdefgh', 3, ['abc', 'def', 'gh']],
    ['', 10, ['']],
    ['one', 0, ['o', 'n', 'e']],
    // A flag, a family and a skin tone are one character each.
    ['한🇩🇪👨‍👩‍👧👍🏽', 5, ['한🇩🇪', '👨‍👩‍👧👍🏽']],
  ])('%j in %i columns', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  it('fits the width and keeps every character', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '犬', '👍🏽', '.'), minLength: 1 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(words, fc.integer({ min: 2, max: 40 }), (parts, width) => {
        const lines = wrap(parts.join(' '), width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(parts.join(''));
      }),
    );
  });
});

describe('hanging', () => {
  it.each<[string, number, string[]]>([
    ['coca: no such file: a.png', 20, ['coca: no such file:', '  a.png']],
    ['coca: /a/very/long/path/to/a.png here', 12, ['coca:', '  /a/very/long/path/to/a.png', '  here']],
    ['  犬 猫 鳥', 5, ['  犬', '  猫', '  鳥']],
    ['', 10, ['']],
  ])('%j in %i columns', (text, width, lines) => {
    expect(hanging(text, width, 2)).toEqual(lines);
  });

  it('breaks no word, and loses nothing', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', '犬', '-'), minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 40 }), fc.nat(8), (words, width, indent) => {
        const lines = hanging(words.join(' '), width, indent);
        expect(lines.join(' ').split(/ +/)).toEqual(words);
        for (const line of lines) expect(widthOf(line) <= width || !line.trim().includes(' ')).toBe(true);
      }),
    );
  });
});

describe('truncate and truncateStart', () => {
  it.each<[string, number, string, string]>([
    ['photo', 5, 'photo', 'photo'],
    ['photo', 3, 'ph…', '…to'],
    ['photo', 0, '', ''],
    // Half of a wide character is not shown, nor the half of a flag.
    ['犬각 photo犬각', 2, '…', '…'],
    ['dog👍🏽犬🇩🇪-🏳️‍🌈-dog', 7, 'dog👍🏽…', '…🏳️‍🌈-dog'],
  ])('%j in %i columns', (text, width, start, end) => {
    expect([truncate(text, width), truncateStart(text, width)]).toEqual([start, end]);
  });

  it('never take more columns than there are', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', ' ', '犬', '👍🏽', '🇩🇪', 'e\u0301') });
    fc.assert(
      fc.property(texts, fc.nat(12), (text, width) => {
        for (const cut of [truncate(text, width), truncateStart(text, width)]) {
          expect(widthOf(cut)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});

describe('padEnd', () => {
  it('counts columns, not characters', () => {
    expect(padEnd('犬', 4)).toBe('犬  ');
    expect(padEnd('dog', 2)).toBe('dog');
  });
});

describe('bar', () => {
  it.each<[number, string]>([
    [0, ''],
    [0.5, '██'],
    [0.53125, '██▏'],
    [1, '████'],
    [7, '████'],
    [-1, ''],
  ])('%f of four columns', (fraction, drawn) => {
    expect(bar(fraction, 4)).toBe(drawn);
  });
});
