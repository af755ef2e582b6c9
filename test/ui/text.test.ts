import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortestFloat32 } from '../../src/model/base/numbers/vectors.js';
import { safeJson, visible } from '../../src/ui/text.js';

describe('visible', () => {
  const rows: [string, string, string][] = [
    ['plain text', 'a dog, 3 cats', 'a dog, 3 cats'],
    ['accents, CJK and emoji', 'é 犬 👩‍🚀', 'é 犬 👩‍🚀'],
    ['a clipboard write (OSC 52)', '\u001b]52;c;aGk=\u0007', '\\x1b]52;c;aGk=\\x07'],
    ['a colour (CSI)', '\u001b[31mred', '\\x1b[31mred'],
    ['an 8-bit CSI (C1)', '\u009b31m', '\\u009b31m'],
    ['line ends and tabs', 'a\nb\rc\td', 'a\\nb\\rc\\td'],
    ['backspace and delete', 'a\bb\u007f', 'a\\x08b\\x7f'],
    ['a right-to-left override', 'photo\u202egpj.exe', 'photo\\u202egpj.exe'],
    ['isolates and marks', '\u2066x\u2069\u200f\u061c', '\\u2066x\\u2069\\u200f\\u061c'],
    ['line separators and byte order mark', 'a\u2028b\ufeff', 'a\\u2028b\\ufeff'],
    ['a byte that is not UTF-8', 'a\udcffb', 'a\\xffb'],
    ['another lone surrogate', 'a\ud800b', 'a\\ud800b'],
  ];
  it.each(rows)('shows %s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('leaves nothing that a terminal would obey', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u);
        expect(visible(text)).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe('safeJson', () => {
  it('reads back as it was, and holds no control or bidirectional character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = safeJson({ [text]: [text] });
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [text]: [text] })));
        expect(json).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\p{Surrogate}]/u);
      }),
    );
  });

  it('writes a byte that is not UTF-8 so that it can be read back', () => {
    expect(safeJson('a\udcff')).toBe('"a\\udcff"');
  });
});

describe('shortestFloat32', () => {
  it('gives the decimal that a person would write', () => {
    expect(shortestFloat32(Math.fround(0.1))).toBe(0.1);
    expect(shortestFloat32(Math.fround(-1 / 3))).toBe(-0.33333334);
    expect(shortestFloat32(0)).toBe(0);
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(shortestFloat32(value))).toBe(Math.fround(value) + 0);
      }),
    );
  });
});
