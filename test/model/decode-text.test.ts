import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/model/decode-text.js';

describe('decodeText', () => {
  it('reads UTF-8, and UTF-16 by its byte order mark, without the mark', () => {
    const text = 'a café\n🐈\n';
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
    expect(decodeText(Buffer.from(text), 'f')).toBe(text);
    expect(decodeText(Buffer.from(`\ufeff${text}`), 'f')).toBe(text);
    expect(decodeText(utf16, 'f')).toBe(text);
    expect(decodeText(Buffer.from(utf16).swap16(), 'f')).toBe(text);
  });

  it.each([
    ['Windows-1252', Buffer.from('a dog\na caf\xe9\n', 'latin1')],
    ['UTF-8 that is cut short', Buffer.from('a dog\na caf\xc3', 'latin1')],
    ['a NUL', Buffer.from('a dog\na\0cat')],
  ])('refuses %s with the file and the line', (_, bytes) => {
    expect(() => decodeText(bytes, 'list.txt')).toThrow(/^list\.txt, line 2: /);
  });

  it('refuses UTF-16 without a mark, or cut within a character', () => {
    expect(() => decodeText(Buffer.from('a dog', 'utf16le'), 'f')).toThrow(/^f, line 1: a NUL/);
    expect(() => decodeText(Buffer.from('\ufeff🐈', 'utf16le').subarray(0, 4), 'f')).toThrow('broken UTF-16');
  });
});
