import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { ResultsFile } from '../../../src/commands/io/results-file.js';
import type { RunRecord } from '../../../src/commands/io/run-record.js';
import { CocaError } from '../../../src/model/base/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'coca-results-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RECORD: RunRecord = {
  coca: '0',
  model: { name: 'small', config: { embed_dim: 8 }, fingerprint: 'f0' },
  options: { strategy: 'beam', beams: 6, prompt: undefined },
};
const answer = (image: string) => `${JSON.stringify({ image, caption: 'a dog', ids: [1, 2] })}\n`;
const failure = (image: string) => `${JSON.stringify({ image, error: { code: 'bad-image', message: 'is text' } })}\n`;

let path: string;
let number = 0;
beforeEach(() => {
  path = join(folder, `results-${number++}.jsonl`);
});

/** A file of results as a run leaves it. */
async function written(text: string): Promise<void> {
  const file = await ResultsFile.open(path, RECORD, false);
  await file.output.write(text);
  await file.close();
}

async function refusal(record: RunRecord = RECORD, resume = true): Promise<CocaError> {
  const error = await ResultsFile.open(path, record, resume).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CocaError);
  return error as CocaError;
}

describe('a file of results', () => {
  test('holds what was written, and a record beside it', async () => {
    await written(answer('a.png'));
    expect(readFileSync(path, 'utf8')).toBe(answer('a.png'));
    expect(JSON.parse(readFileSync(`${path}.run.json`, 'utf8'))).toMatchObject({ model: { name: 'small' } });
  });

  test('in another encoding is refused and left alone, a line that is no UTF-8 with its number', async () => {
    await written(answer('a.png'));
    const wide = Buffer.from(`\ufeff${answer('a.png')}`, 'utf16le');
    writeFileSync(path, wide);
    expect((await refusal()).message).toMatch(/is UTF-16, and results are UTF-8/);
    expect(readFileSync(path)).toEqual(wide);
    writeFileSync(path, Buffer.from(answer('a.png') + answer('b.png').replace('dog', 'd\xf6g'), 'latin1'));
    expect(await refusal()).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/line 2: is not UTF-8/),
    });
  });

  test.each([
    ['removed', () => rmSync(path)],
    [
      'replaced',
      () => {
        writeFileSync(`${path}.new`, answer('a.png'));
        renameSync(`${path}.new`, path);
      },
    ],
  ])('that is %s while it is written is an error, not a loss', async (_, harm) => {
    const file = await ResultsFile.open(path, RECORD, false);
    await file.output.write(answer('a.png'));
    harm();
    await expect(file.output.write(answer('b.png'))).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringContaining(path),
    });
    await file.close();
  });

  test('that is there is not touched without --resume', async () => {
    await written(answer('a.png'));
    expect(await refusal(RECORD, false)).toMatchObject({ code: 'usage', hint: expect.stringContaining('--resume') });
    expect(readFileSync(path, 'utf8')).toBe(answer('a.png'));
  });

  test('is gone on with: every whole line is an answer, for as often as it was given', async () => {
    await written(answer('a.png') + failure('b.png') + answer('a.png'));
    const seen: unknown[] = [];
    const file = await ResultsFile.open(path, RECORD, true, async ({ image, captions }, isLast) => {
      seen.push([image, captions, isLast]);
    });
    expect(seen).toEqual([
      ['a.png', ['a dog'], false],
      ['b.png', [], false],
      ['a.png', ['a dog'], true],
    ]);
    expect(file.earlier).toEqual({ done: 2, failed: 1 });
    expect(['a.png', 'a.png', 'a.png', 'c.png'].map((name) => file.take(name))).toEqual([true, true, false, false]);
    expect(file.unasked).toBe(1);
    await file.output.write(answer('c.png'));
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe(answer('a.png') + failure('b.png') + answer('a.png') + answer('c.png'));
  });

  test('cut anywhere, only the torn line is lost', async () => {
    const lines = ['a.png', 'b\udcff.png', 'ä日.png', `${'long'.repeat(20_000)}.png`].map(answer);
    const whole = Buffer.from(lines.join(''));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async (length) => {
        const cut = whole.subarray(0, length);
        writeFileSync(path, cut);
        writeFileSync(`${path}.run.json`, JSON.stringify(RECORD));
        const file = await ResultsFile.open(path, RECORD, true);
        const left = cut.subarray(0, cut.lastIndexOf(0x0a) + 1);
        expect(file.earlier.done).toBe(left.toString().split('\n').length - 1);
        await file.close();
        expect(readFileSync(path).equals(left)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('a tail of zero bytes, as a crashed system leaves it, is cut off', async () => {
    await written(answer('a.png'));
    appendFileSync(path, Buffer.alloc(200_000));
    const file = await ResultsFile.open(path, RECORD, true);
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe(answer('a.png'));
  });

  test.each<[string, Partial<RunRecord>, RegExp]>([
    ['another model', { model: { ...RECORD.model, name: 'large' } }, /the model small/],
    ['another shape', { model: { ...RECORD.model, config: { embed_dim: 9 } } }, /the model small/],
    ['other weights', { model: { ...RECORD.model, fingerprint: 'f1' } }, /the weights/],
    ['another tokenizer', { model: { ...RECORD.model, tokenizer: 't1' } }, /the tokenizer/],
    ['another option', { options: { ...RECORD.options, beams: 3 } }, /beams 6 \(now 3\)/],
    ['one more option', { options: { ...RECORD.options, prompt: 'a' } }, /prompt not given \(now "a"\)/],
  ])('written with %s is refused and left alone', async (_, changed, message) => {
    await written(answer('a.png'));
    const error = await refusal({ ...RECORD, ...changed });
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(readFileSync(path, 'utf8')).toBe(answer('a.png'));
  });

  test('another version of the program may go on', async () => {
    await written(answer('a.png'));
    const file = await ResultsFile.open(path, { ...RECORD, coca: '9' }, true);
    await file.close();
  });

  test.each([
    ['no record', undefined],
    ['a record that is no JSON', '{'],
    ['a record that is no object', '3'],
  ])('with %s is refused and left alone', async (_, record) => {
    writeFileSync(path, 'my notes\nunfinished');
    if (record !== undefined) writeFileSync(`${path}.run.json`, record);
    await refusal();
    expect(readFileSync(path, 'utf8')).toBe('my notes\nunfinished');
  });

  test.each(['not json', '3', '{}', '{"image": 3, "caption": "a"}', '{"image": "a.png"}', ''])(
    'with the line %j is refused',
    async (line) => {
      await written(`${answer('a.png')}${line}\n${answer('b.png')}`);
      expect((await refusal()).message).toMatch(/line 2 is no result/);
    },
  );

  test('is not written by two at once', async () => {
    const first = await ResultsFile.open(path, RECORD, true);
    const second = await ResultsFile.open(path, RECORD, true);
    await first.output.write(answer('a.png'));
    await expect(second.output.write(answer('a.png'))).rejects.toMatchObject({ code: 'write-failed' });
    await Promise.all([first.close(), second.close()]);
    expect(readFileSync(path, 'utf8')).toBe(answer('a.png'));
  });

  test('where it cannot be: a directory, no folder, a device', async () => {
    path = join(folder, 'sub');
    mkdirSync(path);
    expect((await refusal()).code).toBe('write-failed');
    path = join(folder, 'none', 'results.jsonl');
    expect((await refusal()).code).toBe('not-found');
    expect(existsSync(join(folder, 'none'))).toBe(false);
    path = '/dev/null';
    expect((await refusal()).code).toBe('usage');
  });
});
