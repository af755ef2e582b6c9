import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesOf, isPattern } from '../../../src/model/base/glob.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coca-test-glob-')));
const home = process.cwd();

beforeAll(() => {
  const files = [
    'a.png', 'b.png', '.hidden.png', 'c1.png', 'c[1].png', 'x{1,2}.png', 'p|q.png', 'a+b.png', '!n.png',
    'photo (1)a.jpg', 'photo 1a.jpg', 'album [2021]/q.png', 'album 2/q.png',
    'real/one.png', 'real/deep/two.png', 'real2/three.png', 'sub/x/y.png', 'sub/y.png',
  ]; // biome-ignore format: one glance
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  mkdirSync(join(folder, 'set'));
  const links = [
    ['../real', 'set/r'], ['../real2', 'real/r2'], ['..', 'real/deep/up'], ['a.png', 'link.png'],
    ['nowhere', 'broken.png'], ['self.png', 'self.png'],
  ] as const; // biome-ignore format: one glance
  for (const [to, name] of links) symlinkSync(to, join(folder, name));
  // Latin-1, as an old disk has it.
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.jpeg')]), '');
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const matched = async (word: string): Promise<(string | readonly string[])[]> => {
  const found: (readonly string[])[] = [];
  for await (const { files } of filesOf(word)) found.push(files);
  return found;
};

test.each<[string, string[][]]>([
  ['a.png', [['a.png']]],
  ['nothing.png', [['nothing.png']]],
  // What exists is itself.
  ['c[1].png', [['c[1].png']]],
  ['x{1,2}.png', [['x{1,2}.png']]],
  ['album [2021]/*.png', [['album [2021]/q.png']]],
  ['./album [2021]/*.png', [['./album [2021]/q.png']]],
  ['s*/y.png', [['sub/y.png']]],
  // Wildcards.
  ['?.png', [['a.png', 'b.png']]],
  ['c[12].png', [['c1.png']]],
  ['[!abc]*.jpeg', [[]]],
  ['c*.jpeg', [['caf\udce9.jpeg']]],
  ['.*.png', [['.hidden.png']]],
  ['[!ax]*1*.png', [['c1.png', 'c[1].png']]],
  ['a+*.png', [['a+b.png']]],
  ['p|*.png', [['p|q.png']]],
  ['!*.png', [['!n.png']]],
  ['photo (1)*.jpg', [['photo (1)a.jpg']]],
  ['sub/*/*.png', [['sub/x/y.png']]],
  ['sub/**/y.png', [['sub/x/y.png', 'sub/y.png']]],
  ['sub/**/**/y.png', [['sub/x/y.png', 'sub/y.png']]],
  ['sub/**', [['sub/x/y.png', 'sub/y.png']]],
  // Links to files and folders, and those that lead nowhere or to themselves.
  ['[bls]*.png', [['b.png', 'broken.png', 'link.png', 'self.png']]],
  ['set/*/*.png', [['set/r/one.png']]],
  ['real/r2/*.png', [['real/r2/three.png']]],
  // Braces, each word by itself: one that matches nothing is not lost among the others.
  ['{a,nothing}.png', [['a.png'], ['nothing.png']]],
  ['{a,nothing}*.png', [['a+b.png', 'a.png'], []]],
  ['{01..03}.tar', [['01.tar'], ['02.tar'], ['03.tar']]],
])('%s', async (word, expected) => {
  expect(await matched(word)).toEqual(expected);
});

test('a loop of links ends, and what it leads to is there once for each way', async () => {
  const [found] = await matched('set/**/*.png');
  expect(found).toContain('set/r/r2/three.png');
  expect(found).toContain('set/r/deep/two.png');
  expect(new Set(found).size).toBe(found!.length);
});

test('an absolute pattern gives absolute names', async () => {
  expect(await matched(`${folder}/sub/*.png`)).toEqual([[`${folder}/sub/y.png`]]);
});

test('braces for more names than there can be are refused', async () => {
  await expect(matched('{1..100000000000}.png')).rejects.toMatchObject({ code: 'usage' });
});

test.each([
  ['a.png', false],
  ['nope(1).png', false],
  ['{a}.png', false],
  ['nope[1].png', true],
  ['*.png', true],
  ['{a,b}.png', true],
])('%s is a pattern: %s', (word, expected) => {
  expect(isPattern(word)).toBe(expected);
});
