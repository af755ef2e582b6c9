import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TextFiles } from '../../../src/commands/caption/text-files.js';
import { checkTextFiles, textName } from '../../../src/commands/caption/text-options.js';
import { encodeName } from '../../../src/model/base/file-names.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-texts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(at(name), 'utf8');

describe('the name of a text', () => {
  test.each([
    ['a.jpg', 'a.txt'],
    ['photos/a.b.JPEG', 'photos/a.b.txt'],
    ['./no-extension', './no-extension.txt'],
    ['dir.d/name', 'dir.d/name.txt'],
    ['.hidden', '.hidden.txt'],
    ['b\udcff.png', 'b\udcff.txt'],
  ])('%j: %j', (image, name) => expect(textName(image)).toBe(name));

  test.each([
    ['-', /stdin/],
    ['https://example.org/a.png', /https:\/\/example.org\/a.png has no folder/],
    ['photos/a.txt', /its own place/],
    ['photos/a.TXT', /its own place/],
  ])('%s has none', (image, message) => expect(() => textName(image)).toThrow(message));
});

describe('what is there already', () => {
  beforeEach(() => writeFileSync(at('a.txt'), 'mine'));

  test('skip: the picture is left out, the text stays', async () => {
    const texts = new TextFiles('skip');
    expect([await texts.skips(at('a.png')), await texts.skips(at('b.png'))]).toEqual([true, false]);
    await texts.write(at('a.png'), ['a dog']);
    await texts.write(at('b.png'), ['a cat', 'two cats']);
    expect([text('a.txt'), text('b.txt')]).toEqual(['mine', 'a cat\ntwo cats\n']);
  });

  test('overwrite', async () => {
    const texts = new TextFiles('overwrite');
    expect(await texts.skips(at('a.png'))).toBe(false);
    await texts.write(at('a.png'), ['a dog']);
    expect(text('a.txt')).toBe('a dog\n');
  });

  test('append: on lines of their own', async () => {
    const texts = new TextFiles('append');
    await texts.write(at('a.png'), ['a dog']);
    await texts.write(at('a.png'), ['a cat']);
    await texts.write(at('b.png'), ['a bird']);
    expect([text('a.txt'), text('b.txt')]).toEqual(['mine\na dog\na cat\n', 'a bird\n']);
  });
});

describe('a text', () => {
  test('is one line a caption, whatever the model says, and leaves nothing else in the folder', async () => {
    await new TextFiles('skip').write(at('a.png'), ['a\ndog \x1b[2J']);
    expect(text('a.txt')).toBe('a\\ndog \\x1b[2J\n');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  test('of a name that is not UTF-8 has that name', async () => {
    await new TextFiles('append').write(at('b\udcff.png'), ['a dog']);
    expect(readdirSync(folder, 'buffer')).toEqual([Buffer.from('b\xff.txt', 'latin1')]);
  });

  test('of another picture is not taken for its own', async () => {
    const texts = new TextFiles('overwrite');
    await texts.write(at('a.png'), ['a dog']);
    await expect(texts.write(at('a.jpg'), ['a cat'])).rejects.toMatchObject({ code: 'usage' });
    expect(text('a.txt')).toBe('a dog\n');
    const skipping = new TextFiles('skip');
    expect([await skipping.skips(at('a.png')), await skipping.skips(at('a.jpg'))]).toEqual([true, false]);
    await expect(skipping.write(at('a.jpg'), ['a cat'])).rejects.toThrow(/holds the text of .*a.png/);
  });

  test('that a killed run did not write is written from its result', async () => {
    const texts = new TextFiles('overwrite');
    writeFileSync(at('old.txt'), 'old');
    writeFileSync(at('last.txt'), 'old');
    await texts.restore(at('none.png'), ['a dog'], false);
    await texts.restore(at('old.png'), ['a cat'], false);
    await texts.restore(at('last.png'), ['a bird'], true);
    expect([text('none.txt'), text('old.txt'), text('last.txt')]).toEqual(['a dog\n', 'old', 'a bird\n']);
    const skipping = new TextFiles('skip');
    await skipping.restore(at('old.png'), ['a cat'], true);
    expect(text('old.txt')).toBe('old');
  });

  test.each(['skips', 'write', 'restore'] as const)('what killed runs left of texts is removed: %s', async (way) => {
    const left = ['.a.txt.0123456789ab.tmp', '.other.txt.0123456789ab.tmp', '.b\udcff.txt.0123456789ab.tmp'];
    const kept = ['.a.safetensors.0123456789ab.tmp', '.notes.txt', '.a.txt.tmp'];
    const running = '.b.txt.ba9876543210.tmp';
    for (const name of [...left, ...kept, running]) writeFileSync(encodeName(at(name)), 'a b');
    for (const name of [...left, ...kept]) utimesSync(encodeName(at(name)), 1, 1);
    writeFileSync(at('a.txt'), 'a dog\n');
    const texts = new TextFiles('skip');
    if (way === 'skips') expect(await texts.skips(at('a.png'))).toBe(true);
    else if (way === 'write') await texts.write(at('a.png'), ['a cat']);
    else await texts.restore(at('a.png'), ['a cat'], true);
    expect(readdirSync(folder).sort()).toEqual(['a.txt', ...kept, running].sort());
  });

  test('where it cannot be written: an error, and no file', async () => {
    await expect(new TextFiles('overwrite').write(at('none/a.png'), ['a dog'])).rejects.toMatchObject({
      code: 'write-failed',
    });
  });
});

test.each([
  [{ writeTxt: false, ifExists: 'append' as const, resume: false }, ['a.png'], /add --write-txt|files of --write-txt/],
  [{ writeTxt: true, ifExists: 'append' as const, resume: true }, ['a.png'], /--resume has no --if-exists append/],
  [{ writeTxt: true, ifExists: undefined, resume: false }, ['a.png', '-'], /stdin/],
])('%j with %j is refused before anything is loaded', (options, images, message) => {
  expect(() => checkTextFiles({ writeXmp: false, ...options }, images)).toThrow(message);
});

describe('whose text it is, however the picture is spelled', () => {
  beforeEach(() => {
    mkdirSync(at('photos'));
    symlinkSync('photos', at('linked'));
  });

  test.each([
    ['another spelling', './photos/a.jpg'],
    ['a way through the parent', 'photos/../photos/a.jpg'],
    ['a linked folder', 'linked/a.jpg'],
  ])('%s of another picture is refused, and the text stays', async (_, other) => {
    const texts = new TextFiles('overwrite');
    await texts.write(at('photos/a.png'), ['a dog']);
    await expect(texts.write(`${folder}/${other}`, ['a cat'])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('holds the text of'),
    });
    expect(text('photos/a.txt')).toBe('a dog\n');
  });

  test('the same picture by another spelling has the same text', async () => {
    const texts = new TextFiles('append');
    await texts.write(at('photos/a.png'), ['a dog']);
    await texts.write(at('linked/a.png'), ['a dog again']);
    expect(text('photos/a.txt')).toBe('a dog\na dog again\n');
  });

  test('a relative and an absolute name', async () => {
    const texts = new TextFiles('overwrite');
    await texts.write(at('photos/a.png'), ['a dog']);
    await expect(texts.write(relative(process.cwd(), at('photos/a.jpg')), ['a cat'])).rejects.toThrow('holds the text');
  });
});

test('a list that the run reads is not replaced by a text', async () => {
  writeFileSync(at('list.txt'), 'list.png\n');
  const texts = new TextFiles('append', [`${folder}/./list.txt`]);
  await expect(texts.write(at('list.png'), ['a dog'])).rejects.toMatchObject({ code: 'usage' });
  expect(text('list.txt')).toBe('list.png\n');
});

test('a folder by the name of the text is said to be one', async () => {
  mkdirSync(at('a.txt'));
  const texts = new TextFiles('skip');
  expect(await texts.skips(at('a.png'))).toBe(false);
  await expect(texts.write(at('a.png'), ['a dog'])).rejects.toMatchObject({ code: 'write-failed' });
});
