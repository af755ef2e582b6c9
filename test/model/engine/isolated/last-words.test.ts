import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { LastWords } from '../../../../src/model/engine/isolated/last-words.js';

async function lastOf(...chunks: readonly (string | Buffer)[]): Promise<string | undefined> {
  const stream = new PassThrough();
  const words = new LastWords(stream);
  for (const chunk of chunks) stream.write(chunk);
  await new Promise((resolve) => stream.end(resolve).once('end', resolve));
  return words.text;
}

test('the last line that says something', async () => {
  expect(await lastOf()).toBeUndefined();
  expect(await lastOf('one\n', 'two\n', '\n  \n')).toBe('two');
  expect(await lastOf('terminate called\n  what():  std::bad', '_alloc\r\n')).toBe('what():  std::bad_alloc');
  const trace = '----- Native stack trace -----\n\n 1: 0xb9a330 node::Abort() [node]\n';
  expect(await lastOf(`FATAL ERROR: out of memory\n${trace}`)).toBe('FATAL ERROR: out of memory');
  expect(await lastOf("Error: no\n    at f (a.js:1) {\n  code: 'NO'\n}\n\nNode.js v20.9.0\n")).toBe('Error: no');
});

test('characters that come in pieces, and no more than a line holds', async () => {
  const letter = Buffer.from('é');
  expect(await lastOf(letter.subarray(0, 1), letter.subarray(1))).toBe('é');
  expect(await lastOf('x'.repeat(1_000_000))).toBe('x'.repeat(300));
});

test('what was written before is forgotten', async () => {
  const stream = new PassThrough();
  const words = new LastWords(stream);
  stream.write('old\n');
  await new Promise(setImmediate);
  words.forget();
  expect(words.text).toBeUndefined();
});
