import { createHash } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageSources } from '../../../src/commands/io/sources.js';
import { NameCounter, nameHash, shareOf, takeShare } from '../../../src/commands/shards/share.js';
import { temporaryFolder } from '../../support/folder.js';

const { at, write } = temporaryFolder();
const sources = (more: Partial<ImageSources>): ImageSources => ({ images: [], files: [], files0: [], ...more });
const NAMES = Array.from({ length: 40 }, (_, i) => `${i % 3}/${i}.png`);

async function sharesOf(count: number, more: Partial<ImageSources>) {
  const shares = [];
  for (let index = 0; index < count; index++) {
    shares.push(await takeShare(sources(more), { index, count }, Readable.from([])));
  }
  return shares;
}
const keys = (share: { pictures: readonly { key: string }[] }) => share.pictures.map(({ key }) => key);

describe('a share of the pictures', () => {
  test('is told by the first 48 bits of the SHA-256 of the name', () => {
    // python3: int.from_bytes(hashlib.sha256(b"0/0.png").digest()[:6], "big") % 7
    const bits = createHash('sha256').update('0/0.png').digest('hex').slice(0, 12);
    expect(shareOf(nameHash('0/0.png'), 7)).toBe(Number.parseInt(bits, 16) % 7);
  });

  test('is the same wherever the folder lies and in whichever order a list names its pictures', async () => {
    for (const name of NAMES) write(`here/${name}`, '');
    const here = await sharesOf(4, { images: [at('here')], recursive: true });
    const byPattern = await sharesOf(4, { images: [at('here/**/*.png')] });
    mkdirSync(at('elsewhere'));
    renameSync(at('here'), at('elsewhere/there'));
    const there = await sharesOf(4, { images: [`${at('elsewhere/there')}/`], recursive: true });
    const list = write('list', NAMES.toReversed().join('\n'));
    const listed = await sharesOf(4, { files: [list] });
    for (const other of [byPattern, there, listed]) {
      expect(other.map(keys)).toEqual(here.map(keys));
      expect(other.map(({ input, own }) => ({ input, own }))).toEqual(here.map(({ input, own }) => ({ input, own })));
    }
    expect(here.flatMap(keys).sort()).toEqual([...NAMES].sort());
    expect(here.map(keys)).toEqual(here.map((share) => keys(share).sort()));
  });

  test('counts of shares add up to that of all, in whichever order, and of another set do not', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.integer({ min: 1, max: 9 }), (names, count) => {
        const counted = (some: readonly string[]) => {
          const counter = new NameCounter();
          for (const name of some) counter.add(nameHash(name));
          return counter.result();
        };
        const sum = new NameCounter();
        for (let index = 0; index < count; index++) {
          sum.addAll(counted(names.filter((name) => shareOf(nameHash(name), count) === index)));
        }
        expect(sum.result()).toEqual(counted(names.toReversed()));
        expect(sum.result().digest).not.toBe(counted(names.slice(1)).digest);
        expect(sum.result().digest).not.toBe(counted([...names, names[0]!]).digest);
      }),
    );
  });

  test('has a name as often as it was given; two files of one name are refused by both', async () => {
    write('a/x.png', '');
    write('b/x.png', '');
    const twice = await sharesOf(1, { images: [at('a'), at('a')] });
    expect(keys(twice[0]!)).toEqual(['x.png', 'x.png']);
    await expect(sharesOf(1, { images: [at('a'), at('b')] })).rejects.toThrow(
      `${at('a/x.png')} and ${at('b/x.png')} are both called x.png`,
    );
  });
});
