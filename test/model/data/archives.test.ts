import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isArchive, openArchive, splitMember } from '../../../src/model/data/archives/archive.js';
import type { ArchiveName } from '../../../src/model/data/archives/types.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { buildTar } from './build-tar.js';

/** Made by pyarrow, pandas and webdataset: scripts/reference/archives.py. */
const archive = (name: string) => fixture(`archives/${name}`);
const PICTURES = Array.from({ length: 6 }, (_, i) => readFileSync(archive(`${i}.png`)));
const { at, write } = temporaryFolder();

async function namesOf(path: string, column?: string): Promise<ArchiveName[]> {
  const names = [];
  for await (const name of (await openArchive(path)).names(column)) names.push(name);
  return names;
}
async function read(path: string, member: string): Promise<Buffer> {
  return (await openArchive(path)).read(member);
}
const rows = (column: string, count = 6) =>
  Array.from({ length: count }, (_, row) => ({ member: `${column}/00000000${row}` }));

describe('a Parquet file', () => {
  test.each([
    ['snappy', 'jpg'],
    ['zstd', 'jpg'],
    ['gzip', 'jpg'],
    ['struct', 'image'],
  ])('with pictures (%s) has one in each row of its column %s', async (name, column) => {
    const path = archive(`${name}.parquet`);
    expect(await namesOf(path)).toEqual(rows(column));
    // In no order, side by side.
    const order = [5, 0, 3, 3, 1, 4, 2];
    const found = await Promise.all(order.map((row) => read(path, `${column}/00000000${row}`)));
    expect(found).toEqual(order.map((row) => PICTURES[row]));
  });

  test('with paths names pictures beside it; a row without one is told by its number', async () => {
    const path = archive('paths.parquet');
    expect(await namesOf(path)).toEqual([
      ...[0, 1, 2, 3, 4].map((i) => ({ path: `${i}.png` })),
      { member: 'image_path/000000005' },
    ]);
    await expect(read(path, 'image_path/000000005')).rejects.toThrow('row 5 has no picture in "image_path"');
    expect(await namesOf(path, 'caption')).toEqual([0, 1, 2, 3, 4, 5].map((i) => ({ path: `${i}.png` })));
  });

  test('of another schema says what its columns are', async () => {
    const path = archive('other.parquet');
    await expect(namesOf(path)).rejects.toThrow('which column has pictures or their paths is not clear');
    expect(await namesOf(path, 'jpg')).toEqual([{ member: 'jpg/000000000' }]);
    await expect(read(path, 'jpg/000000000')).rejects.toMatchObject({
      message: expect.stringContaining('there is no column "jpg"'),
      hint: 'its columns: x, y',
    });
    await expect(read(path, 'x/000000000')).rejects.toThrow('the column "x" has neither bytes nor texts');
  });

  test('that is cut, damaged, or none, is refused by name', async () => {
    const bytes = readFileSync(archive('snappy.parquet'));
    await expect(openArchive(write('cut.parquet', bytes.subarray(0, bytes.length - 40)))).rejects.toThrow(
      'cut.parquet is no whole Parquet file',
    );
    await expect(openArchive(write('text.parquet', 'a,b\n'))).rejects.toThrow('text.parquet is no whole Parquet file');
    await expect(openArchive(write('empty.parquet', ''))).rejects.toThrow('empty.parquet is no whole Parquet file');
    const damaged = Buffer.from(bytes);
    // The pages of the pictures: the first is before the first picture.
    damaged.fill(0xff, bytes.indexOf('IHDR') - 40, bytes.indexOf('IHDR') + 100);
    const path = write('damaged.parquet', damaged);
    await expect(read(path, 'jpg/000000000')).rejects.toThrow(/damaged\.parquet: rows 0 to 3 cannot be read/);
    await expect(read(archive('snappy.parquet'), 'jpg/000000006')).rejects.toThrow('no such picture in the file');
  });
});

describe('a tar archive', () => {
  test('that webdataset wrote has a picture a sample', async () => {
    const path = archive('shard.tar');
    expect(await namesOf(path)).toEqual([0, 1, 2, 3, 4, 5].map((i) => ({ member: `00000${i}.png` })));
    for (const [i, picture] of PICTURES.entries()) expect(await read(path, `00000${i}.png`)).toEqual(picture);
    await expect(read(path, '000006.png')).rejects.toThrow('no such picture in the archive');
  });

  test('that is cut has what comes before, and says that it is cut', async () => {
    const whole = readFileSync(archive('shard.tar'));
    const path = write('cut.tar', whole.subarray(0, whole.indexOf('000003.png') + 512 + 20));
    const cut = await openArchive(path);
    const names = await namesOf(path);
    expect(names.length).toBeGreaterThan(2);
    expect(names.length).toBeLessThan(6);
    expect(cut.problem?.message).toMatch(/cut\.tar: the archive ends within/);
    expect(await read(path, '000000.png')).toEqual(PICTURES[0]);
  });

  test('with a picture twice, one that is a link, or a sample without one, fails for those alone', async () => {
    const path = write(
      'odd.tar',
      buildTar([
        { name: 'a.png', content: PICTURES[0]! },
        { name: 'a.png', content: PICTURES[1]! },
        { name: 'b.png', type: '2' },
        { name: 'c.txt', content: 'words' },
        { name: 'd.JPG', content: PICTURES[2]! },
      ]),
    );
    expect(await namesOf(path)).toEqual(['a.png', 'b.png', 'c', 'd.jpg'].map((member) => ({ member })));
    await expect(read(path, 'a.png')).rejects.toThrow('a.png is in the archive more than once');
    await expect(read(path, 'b.png')).rejects.toThrow('a symbolic link');
    await expect(read(path, 'c')).rejects.toThrow('no picture among its members (txt)');
    expect(await read(path, 'd.jpg')).toEqual(PICTURES[2]);
    await expect(openArchive(write('text.tar', 'x'.repeat(2000)))).rejects.toThrow('is no tar archive');
  });

  test('that has changed is read anew', async () => {
    write('a.tar', buildTar([{ name: 'a.png', content: PICTURES[0]! }]));
    expect(await namesOf(at('a.tar'))).toHaveLength(1);
    write('a.tar', buildTar(['a.png', 'b.png'].map((name) => ({ name, content: PICTURES[1]! }))));
    expect(await namesOf(at('a.tar'))).toHaveLength(2);
    expect(await read(at('a.tar'), 'a.png')).toEqual(PICTURES[1]);
  });
});

test('a name leads into an archive where that is a file, whatever folders are called', async () => {
  write('x.tar/y.tar', buildTar([{ name: 'z.parquet/a.png', content: PICTURES[0]! }]));
  expect(await isArchive(at('x.tar'))).toBe(false);
  expect(await splitMember(at('x.tar/y.tar'))).toBe(undefined);
  expect(await splitMember(at('x.tar/y.tar/z.parquet/a.png'))).toEqual({
    archive: at('x.tar/y.tar'),
    member: 'z.parquet/a.png',
  });
  expect(await splitMember(at('nothing.tar/a.png'))).toBe(undefined);
});
