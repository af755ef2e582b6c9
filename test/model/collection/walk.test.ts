import { chmodSync, linkSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type FoundFile, type Unseen, walkPictures } from '../../../src/model/collection/walk.js';
import { temporaryFolder } from '../../support/folder.js';

const { at, write } = temporaryFolder();

async function walked(): Promise<(FoundFile | Unseen)[]> {
  const found = [];
  for await (const one of walkPictures(at('root'))) found.push(one);
  return found;
}
const paths = async () => (await walked()).map(({ path }) => path).sort();

test('pictures by their names, in all folders; what begins with a dot is left out', async () => {
  for (const name of ['b.jpg', 'a.PNG', 'sub/c.webp', 'sub/deep/d.gif', 'notes.txt', '.hidden.jpg', '.git/e.jpg']) {
    write(`root/${name}`, 'x');
  }
  expect(await paths()).toEqual(['a.PNG', 'b.jpg', 'sub/c.webp', 'sub/deep/d.gif']);
});

test('links: what lies in the root is found once, what lies outside through one link, cycles end', async () => {
  write('root/a.jpg', 'x');
  write('root/sub/b.jpg', 'x');
  write('elsewhere/c.jpg', 'x');
  write('elsewhere/deep/d.jpg', 'x');
  write('single.jpg', 'x');
  symlinkSync(at('root'), at('root/sub/up'));
  symlinkSync('a.jpg', at('root/again.jpg'));
  symlinkSync(at('root/sub'), at('root/again'));
  symlinkSync(at('elsewhere'), at('root/one'));
  symlinkSync(at('elsewhere'), at('root/two'));
  symlinkSync(at('elsewhere/deep'), at('root/three'));
  symlinkSync('..', at('elsewhere/deep/back'));
  symlinkSync(at(), at('root/above'));
  symlinkSync(at('single.jpg'), at('root/single.jpg'));
  symlinkSync(at('single.jpg'), at('root/twice.jpg'));
  const found = await paths();
  // Whichever link comes first leads to it.
  const ends = found.map((path) => path.split('/').at(-1)).sort();
  expect(ends).toEqual(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'single.jpg']);
  expect(found).toEqual(expect.arrayContaining(['a.jpg', 'sub/b.jpg']));
});

test('a link to a name that is left out is followed', async () => {
  write('root/.originals/a.jpg', 'x');
  symlinkSync('.originals', at('root/originals'));
  expect(await paths()).toEqual(['originals/a.jpg']);
});

test('a file of two names is two pictures', async () => {
  write('root/a.jpg', 'x');
  linkSync(at('root/a.jpg'), at('root/b.jpg'));
  expect(await paths()).toEqual(['a.jpg', 'b.jpg']);
});

test('links that lead nowhere are told if they are called like pictures, loops in any case', async () => {
  mkdirSync(at('root'));
  symlinkSync('gone.jpg', at('root/broken.jpg'));
  symlinkSync('gone', at('root/gone-folder'));
  symlinkSync('loop', at('root/loop'));
  const found = (await walked()) as Unseen[];
  expect(found.map(({ path, error }) => [path, error.code]).sort()).toEqual([
    ['broken.jpg', 'not-found'],
    ['loop', 'unreadable'],
  ]);
});

test('names that are not UTF-8', async () => {
  write('root/a.jpg', 'x');
  renameSync(at('root/a.jpg'), Buffer.concat([Buffer.from(`${at('root')}/caf`), Buffer.of(0xe9), Buffer.from('.jpg')]));
  expect(await paths()).toEqual(['caf\udce9.jpg']);
});

test('a folder that may not be listed is told with a slash, and the rest is found', async () => {
  write('root/shut/a.jpg', 'x');
  write('root/b.jpg', 'x');
  chmodSync(at(), 0o755);
  chmodSync(at('root/shut'), 0);
  // Root may list any folder.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid!(65534);
  const found = await walked().finally(() => {
    if (isRoot) process.seteuid!(0);
    chmodSync(at('root/shut'), 0o755);
  });
  expect(found.map(({ path }) => path)).toEqual(['b.jpg', 'shut/']);
  expect((found[1] as Unseen).error).toMatchObject({ code: 'unreadable', message: /^no permission to read/ });
});
