import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CocaError } from '../../../src/model/base/errors.js';
import { decodeText, lostIn, type TextLine, textLines } from '../../../src/model/base/text-decoding.js';

type Form = 'UTF-8' | 'UTF-8 with a mark' | 'UTF-16LE' | 'UTF-16BE';
const FORMS: readonly Form[] = ['UTF-8', 'UTF-8 with a mark', 'UTF-16LE', 'UTF-16BE'];

function bytesOf(text: string, form: Form): Buffer {
  const little = () => Buffer.from(`\ufeff${text}`, 'utf16le');
  if (form === 'UTF-16LE') return little();
  if (form === 'UTF-16BE') return little().swap16();
  return Buffer.from(form === 'UTF-8' ? text : `\ufeff${text}`);
}

async function linesOf(...chunks: Uint8Array[]): Promise<TextLine[]> {
  const lines: TextLine[] = [];
  for await (const line of textLines(
    (async function* () {
      yield* chunks;
    })(),
    'list',
    100,
  )) {
    lines.push(line);
  }
  return lines;
}

/** The message that both readers refuse the bytes with. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const errors: unknown[] = [];
  try {
    decodeText(bytes, 'list');
  } catch (error) {
    errors.push(error);
  }
  await linesOf(bytes).catch((error: unknown) => errors.push(error));
  expect(errors).toHaveLength(2);
  for (const error of errors) expect(error).toMatchObject({ code: 'unreadable', hint: expect.stringMatching(/UTF-8/) });
  expect((errors[0] as CocaError).message).toBe((errors[1] as CocaError).message);
  return (errors[0] as CocaError).message;
}

describe('text', () => {
  it.each(FORMS)('in %s is read, its mark left out, however its bytes are cut', async (form) => {
    const unit = fc.constantFrom('a', '\n', '\r', 'é', '犬', '😀', '\u0a0a', '\u010a', '\u0a01', '\u2c00', '\ufeff');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, maxLength: 20 }), fc.integer({ min: 1, max: 9 }), async (text, size) => {
        // Without a mark, a text cannot begin with what would be one.
        fc.pre(!(form === 'UTF-8' && text.startsWith('\ufeff')));
        const bytes = bytesOf(text, form);
        expect(decodeText(bytes, 'list')).toBe(text);
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(await linesOf(...pieces)).toEqual(expected.map((line, i) => ({ number: i + 1, text: line })));
      }),
    );
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'Windows-1252',
      Buffer.from('a\nd\n12 caf\xe9\n', 'latin1'),
      /^list, line 3: is not UTF-8 \(byte 0xE9 at column 7\)$/,
    ],
    [
      'a character cut off',
      Buffer.from('a\né').subarray(0, 3),
      /^list, line 2: is not UTF-8 \(byte 0xC3 at column 1\)$/,
    ],
    ['an overlong form', Buffer.from([0x61, 0xc0, 0xaf]), /line 1: is not UTF-8 \(byte 0xC0 at column 2\)/],
    ['a surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]), /line 1: is not UTF-8/],
    ['UTF-16LE without its mark', Buffer.from('ab', 'utf16le'), /line 1: has a NUL character/],
    ['UTF-16BE without its mark', Buffer.from('ab', 'utf16le').swap16(), /line 1: has a NUL character/],
    ['UTF-32 with its mark', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /line 1: has a NUL character/],
    ['a NUL', Buffer.from('a\nb\0'), /line 2: has a NUL character/],
    ['half of a pair in UTF-16LE', bytesOf('a\nb\ud800c', 'UTF-16LE'), /line 2: is not UTF-16, as its mark says/],
    ['half of a pair in UTF-16BE', bytesOf('a\nb\udc00c', 'UTF-16BE'), /line 2: is not UTF-16/],
    ['half of a unit', bytesOf('a\nb', 'UTF-16LE').subarray(0, 7), /line 2: is not UTF-16/],
  ])('%s is refused with its line', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
  });

  it('hints at UTF-16 where there are NUL characters', () => {
    const hint = (bytes: Buffer) => {
      try {
        return decodeText(bytes, 'x');
      } catch (error) {
        return (error as CocaError).hint;
      }
    };
    expect(hint(Buffer.from('é', 'utf16le'))).toMatch(/UTF-16 without/);
    expect(hint(Buffer.from('é', 'latin1'))).toMatch(/iconv/);
  });

  it('has lines of bounded length', async () => {
    await expect(linesOf(Buffer.from('a\n'), Buffer.alloc(200, 'x'))).rejects.toMatchObject({
      code: 'unreadable',
      message: 'list, line 2: more than 100 bytes',
    });
  });

  it('that was lost before is known', () => {
    for (const sound of ['', 'a\tb', '😀', '\ufeff', '\ufffc']) expect(lostIn(sound)).toBeUndefined();
    expect(lostIn('caf\ufffd')).toMatch(/U\+FFFD/);
    expect(lostIn('a\0')).toMatch(/NUL/);
    for (const half of ['\ud83d', 'a\udc80b']) expect(lostIn(half)).toMatch(/surrogate/);
  });
});
