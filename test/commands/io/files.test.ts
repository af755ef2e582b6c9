import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegularFile } from '../../../src/commands/io/files.js';
import { readList, readTextList } from '../../../src/commands/io/lists.js';
import {
  checkSources,
  errorLine,
  type ImageSources,
  imageNames,
  namesOnePicture,
  readImage,
  walkImages,
} from '../../../src/commands/io/sources.js';
import { CocaError } from '../../../src/model/base/errors.js';
import { fixture } from '../../support/golden.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-files-'));
  writeFileSync(join(folder, 'b.png'), 'bbb');
  writeFileSync(join(folder, 'a.png'), 'aaa');
  writeFileSync(join(folder, 'odd[1].png'), 'odd');
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/latin`), Buffer.from([0xe9]), Buffer.from('.png')]), 'é');
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'c.png'), 'ccc');
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('..', join(folder, 'sub', 'up'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stdinOf = (...chunks: (string | Buffer)[]): Readable => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
const noStdin = stdinOf();
const signal = new AbortController().signal;

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('readRegularFile', () => {
  it('reads a file', async () => {
    expect((await readRegularFile(join(folder, 'a.png'))).toString()).toBe('aaa');
  });

  it('reads a file whose name is not UTF-8', async () => {
    expect((await readRegularFile(`${folder}/latin\udce9.png`)).toString()).toBe('é');
  });

  it.each<[string, string, RegExp]>([
    ['missing.png', 'not-found', /no such file/],
    ['a.png/x', 'not-found', /no such file/],
    ['nul\0.png', 'not-found', /NUL/],
    ['x'.repeat(5000), 'not-found', /too long/],
    ['sub', 'unreadable', /is a directory/],
    ['pipe', 'unreadable', /is a named pipe/],
    ['loop', 'unreadable', /leads back to itself/],
  ])('%.12s is refused without hanging', async (name, code, message) => {
    await expect(readRegularFile(`${folder}/${name}`)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it.each(['/dev/zero', '/dev/null'])('%s is refused', async (device) => {
    await expect(readRegularFile(device)).rejects.toMatchObject({ code: 'unreadable', message: /is a device/ });
  });

  it('notices a file that changes while it is read, and one that is gone', async () => {
    const growing = join(folder, 'growing');
    writeFileSync(growing, Buffer.alloc(64 * 2 ** 20));
    let isDone = false;
    const outcome = readRegularFile(growing).then(
      () => 'read',
      (error: CocaError) => error.message,
    );
    const ended = outcome.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      appendFileSync(growing, 'x');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    expect(await outcome).toMatch(/growing changed while it was read/);
    rmSync(growing);
    await expect(readRegularFile(growing)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('refuses what is larger than the limit', async () => {
    await expect(readRegularFile(join(folder, 'a.png'), 2)).rejects.toMatchObject({ message: /is larger than/ });
  });
});

describe('readTextList', () => {
  it.each<[string, Buffer, string[]]>([
    ['lines as readList has them', Buffer.from('\ufeff a b \r\n\ncafé'), [' a b ', 'café']],
    ['UTF-16', Buffer.from('\ufeffcafé\r\n犬\n', 'utf16le'), ['café', '犬']],
    ['nothing', Buffer.alloc(0), []],
  ])('%s', async (_, bytes, lines) => {
    expect(await collect(readTextList('-', stdinOf(bytes)))).toEqual(lines);
    writeFileSync(join(folder, 'list'), bytes);
    expect(await collect(readTextList(join(folder, 'list'), noStdin))).toEqual(lines);
    rmSync(join(folder, 'list'));
  });

  it.each<[string, Buffer, RegExp]>([
    ['Windows-1252', Buffer.from('a\ncaf\xe9\n', 'latin1'), /the list on stdin, line 2: is not UTF-8/],
    ['UTF-16 without a mark', Buffer.from('a\n', 'utf16le'), /line 1: has a NUL/],
    ['a character lost before', Buffer.from('a\n\ncaf\ufffd'), /line 3: has U\+FFFD/],
  ])('%s is refused', async (_, bytes, message) => {
    const list = collect(readTextList('-', stdinOf(bytes)));
    await expect(list).rejects.toMatchObject({ code: 'unreadable', message: expect.stringMatching(message) });
  });

  it.each([
    ['missing', 'not-found'],
    ['sub', 'unreadable'],
  ])('%s is no list', async (name, code) => {
    await expect(collect(readTextList(join(folder, name), noStdin))).rejects.toMatchObject({ code });
  });
});

describe('readList', () => {
  it.each<[string, 'line' | 'nul', string, string[]]>([
    ['lines', 'line', 'a\nb\n', ['a', 'b']],
    ['no last line end', 'line', 'a\nb', ['a', 'b']],
    ['carriage returns', 'line', 'a\r\nb\r\n', ['a', 'b']],
    ['empty lines', 'line', '\n\na\n\n', ['a']],
    ['a byte order mark', 'line', '\ufeffa\nb', ['a', 'b']],
    ['spaces and tabs', 'line', ' a b \n\tc', [' a b ', '\tc']],
    ['NUL', 'nul', 'a\nb\0c\r\0', ['a\nb', 'c\r']],
    ['nothing', 'line', '', []],
  ])('%s', async (_, separator, text, entries) => {
    expect(await collect(readList('-', separator, stdinOf(text)))).toEqual(entries);
  });

  it('gives the same entries however the bytes are cut', async () => {
    const entry = fc.string({ unit: fc.constantFrom('a', '犬', ' ', '\udcff'), minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(entry), fc.integer({ min: 1, max: 7 }), async (entries, size) => {
        const text = entries.map((e) => Buffer.concat([toBytes(e), Buffer.from([0])]));
        const bytes = Buffer.concat(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        expect(await collect(readList('-', 'nul', stdinOf(...chunks)))).toEqual(entries);
      }),
    );
  });

  it('hands out entries before the list ends', async () => {
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.from('first\nsec');
      await new Promise(() => undefined);
    }
    const list = readList('-', 'line', Readable.from(slow()));
    expect((await list.next()).value).toBe('first');
  });

  it.each<[string, string, RegExp]>([
    ['missing', 'not-found', /no such file/],
    ['sub', 'unreadable', /not a list/],
  ])('%s is no list', async (name, code, message) => {
    await expect(collect(readList(join(folder, name), 'line', noStdin))).rejects.toMatchObject({ code, message });
  });

  it('refuses an entry of more than a megabyte', async () => {
    const chunks = Array.from({ length: 40 }, () => 'x'.repeat(65_536));
    await expect(collect(readList('-', 'line', stdinOf(...chunks)))).rejects.toMatchObject({ message: /1 MiB/ });
  });
});

function toBytes(name: string): Buffer {
  return Buffer.concat(
    Array.from(name, (char) => (char === '\udcff' ? Buffer.from([0xff]) : Buffer.from(char, 'utf8'))),
  );
}

const sources = (images: string[], files: string[] = [], files0: string[] = []): ImageSources => ({
  images,
  files,
  files0,
});

describe('imageNames', () => {
  it('expands globs to sorted names, and keeps the order of everything else', async () => {
    const names = await collect(imageNames(sources(['z.png', `${folder}/?.png`, '-']), noStdin));
    expect(names).toEqual(['z.png', `${folder}/a.png`, `${folder}/b.png`, '-']);
  });

  it('takes a file that is there by its name, brackets or not', async () => {
    expect(await collect(imageNames(sources([`${folder}/odd[1].png`]), noStdin))).toEqual([`${folder}/odd[1].png`]);
  });

  it('does not follow links around in circles', async () => {
    const names = await collect(imageNames(sources([`${folder}/**/c.png`]), noStdin));
    expect(names).toEqual([`${folder}/sub/c.png`]);
  });

  it('takes entries of lists as they are', async () => {
    expect(await collect(imageNames(sources(['x'], ['-']), stdinOf('*.png\n-\n')))).toEqual(['x', '*.png', './-']);
  });
});

describe('readImage', () => {
  it('reads stdin, and not to its end where it does not begin as a picture', async () => {
    const bytes = readFileSync(fixture('scenes/0001.png'));
    const pieces = [bytes.subarray(0, 3), bytes.subarray(3, 2000), bytes.subarray(2000)];
    expect(await readImage('-', { stdin: Readable.from(pieces), signal })).toEqual({ name: '-', bytes });
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.from('words '.repeat(1000));
      })(),
    );
    expect(await readImage('-', { stdin: endless, signal })).toMatchObject({ error: { code: 'bad-image' } });
  });

  it('makes a failure a value', async () => {
    const input = await readImage(`${folder}/missing.png`, { stdin: noStdin, signal });
    expect(input).toMatchObject({ name: `${folder}/missing.png`, error: { code: 'not-found' } });
  });

  it('says that a glob found nothing', async () => {
    const input = await readImage(`${folder}/*.gif`, { stdin: noStdin, signal });
    expect(input).toMatchObject({ error: { code: 'not-found', message: `no file matches ${folder}/*.gif` } });
  });

  it('points names that arrived damaged to --files0', async () => {
    const input = await readImage(`${folder}/latin\ufffd.png`, { stdin: noStdin, signal });
    expect(input).toMatchObject({ error: { hint: expect.stringContaining('--files0') } });
  });
});

describe('checkSources', () => {
  it.each<[string, ImageSources, boolean, number, RegExp | undefined]>([
    ['nothing', sources([]), false, 0, /IMAGE is missing/],
    ['stdin twice', sources(['-', '-']), false, 0, /only once/],
    ['stdin as picture and list', sources(['-'], [], ['-']), false, 0, /only once/],
    ['stdin as list of captions too', sources([], ['-']), false, 1, /only once/],
    ['a picture from a terminal', sources(['-']), true, 0, /is a terminal/],
    ['a picture from a pipe', sources(['-']), false, 0, undefined],
    ['a list', sources([], ['list']), true, 0, undefined],
  ])('%s', (_, given, isTTY, others, message) => {
    const check = (): void => checkSources(given, { isTTY }, others);
    if (message) expect(check).toThrow(message);
    else expect(check).not.toThrow();
  });
});

describe('counting', () => {
  it.each<[string[], string[], boolean]>([
    [['a.png'], [], true],
    [['-'], [], true],
    [['https://x.org/a?b=*'], [], true],
    [['a.png', 'b.png'], [], false],
    [['*.png'], [], false],
    [['a.png'], ['list'], false],
  ])('%j with lists %j is one picture: %s', (images, files, isOne) => {
    expect(namesOnePicture(sources(images, files))).toBe(isOne);
  });

  it('knows how many there are while the first is worked on, of globs and lists in one walk', async () => {
    const list = join(folder, 'three.txt');
    writeFileSync(list, 'a.png\n\nb.png\nc.png');
    const { names, count } = walkImages(sources([join(folder, 'sub', '*')], [list]), noStdin);
    expect(count()).toBeUndefined();
    const inSub = readdirSync(join(folder, 'sub'), { withFileTypes: true }).filter((entry) => entry.isFile()).length;
    const { value: first } = await names.next();
    await expect.poll(count).toBe(inSub + 3);
    expect([first, ...(await collect(names))]).toHaveLength(inSub + 3);
  });

  it('follows a list from a pipe, whose length is known once it has ended', async () => {
    const stdin = new PassThrough();
    const { names, count } = walkImages(sources([], ['-']), stdin);
    stdin.write('a.png\n');
    expect(await names.next()).toMatchObject({ value: 'a.png' });
    expect(count()).toBeUndefined();
    stdin.write('b.png\n');
    expect(await names.next()).toMatchObject({ value: 'b.png' });
    expect(count()).toBeUndefined();
    stdin.end();
    expect(await collect(names)).toEqual([]);
    expect(count()).toBe(2);
  });

  it('gives all names before a list that cannot be read, and then says so', async () => {
    const { names, count } = walkImages(sources(['x', 'y'], [join(folder, 'none.txt')]), noStdin);
    const given: string[] = [];
    const ended = await (async () => {
      for await (const name of names) {
        given.push(name);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })().catch((error: unknown) => error);
    expect([given, count()]).toEqual([['x', 'y'], undefined]);
    expect(ended).toMatchObject({ code: 'not-found' });
  });
});

describe('errorLine', () => {
  it.each<[string, CocaError, string]>([
    ['a.png', new CocaError('not-found', 'no such file: a.png'), 'no such file: a.png'],
    [
      'a.png',
      new CocaError('bad-image', 'it is cut short', 'fetch it again'),
      'a.png: it is cut short (fetch it again)',
    ],
    ['-', new CocaError('bad-image', 'it is empty'), 'stdin: it is empty'],
    ['é'.repeat(500), new CocaError('bad-text', 'too long'), `${'é'.repeat(120)}...: too long`],
  ])('%.8s', (name, error, line) => {
    expect(errorLine(name, error)).toBe(line);
  });
});
