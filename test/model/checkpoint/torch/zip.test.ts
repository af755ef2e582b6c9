import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../../src/model/base/errors.js';
import { RegularFile } from '../../../../src/model/base/regular-file.js';
import { readEntry, readZip, verifyEntry } from '../../../../src/model/checkpoint/torch/zip.js';
import { buildZip, type EntryToBuild, type ZipOptions } from '../build-zip.js';
import { refusal, temporaryFile, temporaryFolder } from '../temporary.js';

const folder = temporaryFolder();
const golden = readFileSync('fixtures/golden/unpooled/open_clip_pytorch_model.bin');

async function withFile<T>(bytes: Uint8Array, use: (file: RegularFile) => Promise<T>): Promise<T> {
  const file = await RegularFile.open(temporaryFile(folder, bytes, '.bin'));
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const a: EntryToBuild = { name: 'r/a', data: Buffer.from('first') };
const b: EntryToBuild = { name: 'r/b', data: Buffer.from('second entry') };
const FFFFFFFF = 0xffffffff;

function zip64Extra(...values: readonly bigint[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(1);
  extra.writeUInt16LE(values.length * 8, 2);
  for (const [i, value] of values.entries()) extra.writeBigUInt64LE(value, 4 + i * 8);
  return extra;
}

describe('readZip', () => {
  it('finds the entries of an archive that torch.save wrote, their checksums right', async () => {
    await withFile(golden, async (file) => {
      const { entries, directory } = await readZip(file);
      expect(entries.size).toBe(124);
      for (const entry of entries.values()) await verifyEntry(file, entry);
      const version = await readEntry(file, entries.get('open_clip_pytorch_model/version')!, 10);
      expect(Buffer.from(version).toString()).toBe('3\n');
      expect(golden.includes(Buffer.from(directory))).toBe(true);
    });
  });

  it.each([
    ['without zip64', { zip64: false }],
    ['with saturated fields in the end record', { end: (end: Buffer) => end.fill(0xff, 8, 20) }],
  ])('reads archives %s', async (_, options) => {
    await withFile(buildZip([a, b], options), async (file) => {
      const { entries } = await readZip(file);
      expect([...entries.keys()]).toEqual(['r/a', 'r/b']);
      expect(Buffer.from(await readEntry(file, entries.get('r/b')!, 100)).toString()).toBe('second entry');
    });
  });

  it('reads sizes and offsets from zip64 fields, and sizes that follow the data', async () => {
    const large = { ...b, size: FFFFFFFF, offset: FFFFFFFF, extra: zip64Extra(12n, 12n, 38n), flags: 8, localSize: 0 };
    await withFile(buildZip([a, large]), async (file) => {
      const { entries } = await readZip(file);
      expect(Buffer.from(await readEntry(file, entries.get('r/b')!, 100)).toString()).toBe('second entry');
    });
  });

  const HOSTILE: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['nothing but a magic number', Buffer.from('PK\x03\x04'), /does not end as torch\.save ends it/],
    ['one cut short', golden.subarray(0, -1), /does not end as/],
    ['one cut in the middle', golden.subarray(0, 300_000), /does not end as/],
    ['one with bytes after it', Buffer.concat([golden, Buffer.from('x')]), /does not end as/],
    ['one with a comment', buildZip([a], { end: (end) => end.writeUInt16LE(4, 20) }), /does not end as/],
    ['an encrypted entry', buildZip([a, { ...b, flags: 1 }]), /"r\/b": it is encrypted/],
    ['a strongly encrypted entry', buildZip([{ ...a, flags: 0x40 }]), /flags 0x40/],
    ['masked headers', buildZip([{ ...a, flags: 0x2000 }]), /flags 0x2000/],
    ['a stored entry with two sizes', buildZip([{ ...a, size: 2 ** 31, packedSize: 5 }]), /its two sizes differ/],
    ['an entry past the end', buildZip([{ ...a, size: 1000 }]), /overlaps the central directory/],
    ['a header past the end', buildZip([{ ...a, offset: 2 ** 31 }]), /not within the archive/],
    ['a header that is none', buildZip([{ ...a, offset: 2 }]), /no local header/],
    ['one entry twice', buildZip([a, b, a]), /"r\/a" occurs twice/],
    ['two entries on the same bytes', buildZip([a, { ...a, offset: 0 }]), /"r\/a" overlaps "r\/a"/],
    ['an entry within another', buildZip([{ ...a, size: 50 }, b]), /"r\/b" overlaps "r\/a"/],
    ['another local name', buildZip([{ ...a, local: { name: 'r/x' } }]), /"r\/a": its local header contradicts/],
    ['a longer local name', buildZip([{ ...a, local: { name: 'r/ab' } }]), /local header contradicts/],
    ['another local method', buildZip([{ ...a, local: { method: 8 } }]), /local header contradicts/],
    ['other local flags', buildZip([{ ...a, local: { flags: 1 } }]), /local header contradicts/],
    ['another local checksum', buildZip([{ ...a, local: { crc: 1 } }]), /local header contradicts/],
    ['another local size', buildZip([{ ...a, localSize: 4 }]), /local header contradicts/],
    ['a local size of zero that no size follows', buildZip([{ ...a, localSize: 0 }]), /local header contradicts/],
    ['zip64 sizes that are missing', buildZip([{ ...a, size: FFFFFFFF }]), /zip64 sizes are missing/],
    ['too few zip64 sizes', buildZip([{ ...a, size: FFFFFFFF, extra: zip64Extra(5n) }]), /extra fields are broken/],
    ['zip64 sizes without need', buildZip([{ ...a, extra: zip64Extra(5n) }]), /extra fields are broken/],
    [
      'zip64 sizes twice',
      buildZip([{ ...a, size: FFFFFFFF, extra: Buffer.concat([zip64Extra(5n, 5n), zip64Extra(6n, 6n)]) }]),
      /broken/,
    ],
    [
      'a zip64 size of 2^64 - 1',
      buildZip([{ ...a, size: FFFFFFFF, extra: zip64Extra(2n ** 64n - 1n, 2n ** 64n - 1n) }]),
      /contradicts|overlaps/,
    ],
    [
      'a zip64 offset of 2^63',
      buildZip([{ ...a, offset: FFFFFFFF, extra: zip64Extra(2n ** 63n) }]),
      /not within the archive/,
    ],
    ['an extra field cut short', buildZip([{ ...a, extra: Buffer.from([9, 0, 50, 0, 1]) }]), /extra fields are broken/],
    [
      'a name that is no UTF-8',
      Buffer.from(buildZip([a]).toString('latin1').replaceAll('r/a', 'r/\xff'), 'latin1'),
      /not valid UTF-8/,
    ],
    ['a count too high', buildZip([a], { end: (end, end64) => setCount(end, end64, 2) }), /2 entries do not fit/],
    [
      'a count too low',
      buildZip([a, b], { end: (end, end64) => setCount(end, end64, 1) }),
      /more than the entries it counts/,
    ],
    [
      'a count of 2^64 - 1',
      buildZip([a], { end: (end, end64) => end.fill(0xff, 8, 12) && end64.fill(0xff, 24, 40) }),
      /do not fit/,
    ],
    [
      'another directory size',
      buildZip([a], {
        end: (end, end64) => {
          end.fill(0xff, 12, 16);
          end64.writeBigUInt64LE(1n, 40);
        },
      }),
      /not where its end record says/,
    ],
    [
      'a directory of 2^63 bytes',
      buildZip([a], {
        end: (end, end64) => {
          end.fill(0xff, 12, 16);
          end64.writeBigUInt64LE(2n ** 63n, 40);
        },
      }),
      /not where/,
    ],
    [
      'end records that contradict',
      buildZip([a], { end: (end) => end.writeUInt32LE(3, 16) }),
      /end records contradict each other/,
    ],
    [
      'a zip64 record of another size',
      buildZip([a], { end: (_, end64) => end64.writeBigUInt64LE(45n, 4) }),
      /contradicts itself/,
    ],
    [
      'a locator that points elsewhere',
      buildZip([a], { end: (_, __, locator) => locator.writeBigUInt64LE(0n, 8) }),
      /contradicts itself/,
    ],
    [
      'a zip64 record that is missing',
      buildZip([a], { end: (_, end64) => end64.fill(0) }),
      /zip64 end record is missing/,
    ],
    ['several disks', buildZip([a], { end: (end) => end.writeUInt16LE(1, 4) }), /one part of several/],
    [
      'an entry on another disk',
      buildZip([a], { zip64: false, end: (end) => end.writeUInt16LE(0, 8) }),
      /one part of several/,
    ],
  ];

  function setCount(end: Buffer, end64: Buffer, count: number): void {
    for (const at of [8, 10]) end.writeUInt16LE(count, at);
    for (const at of [24, 32]) end64.writeBigUInt64LE(BigInt(count), at);
  }

  it.each(HOSTILE)('refuses %s', async (_, bytes, message) => {
    const error = await withFile(bytes, (file) => refusal(readZip(file)));
    expect(error.message).toMatch(message);
  });

  it('refuses wrong checksums and entries that are too large when they are read', async () => {
    await withFile(buildZip([{ ...a, crc: 1 }, b]), async (file) => {
      const { entries } = await readZip(file);
      expect((await refusal(verifyEntry(file, entries.get('r/a')!))).message).toMatch(/"r\/a": its checksum/);
      expect((await refusal(readEntry(file, entries.get('r/a')!, 100))).message).toMatch(/checksum/);
      expect((await refusal(readEntry(file, entries.get('r/b')!, 11))).message).toMatch(/12 bytes, over 11/);
    });
  });

  it('ends with a CocaError or entries within the file, whatever the bytes', async () => {
    const options: ZipOptions[] = [{}, { zip64: false }];
    const sound = options.map((option) => buildZip([a, { ...b, flags: 8, localSize: 0 }], option));
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const anyArchive = fc.tuple(fc.constantFrom(...sound), changes, fc.nat(30)).map(([bytes, list, cut]) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of list) changed[at % changed.length] = byte;
      return cut < 25 ? changed : changed.subarray(0, changed.length - cut);
    });
    const path = join(folder, 'fuzzed');
    await fc.assert(
      fc.asyncProperty(anyArchive, async (bytes) => {
        writeFileSync(path, bytes);
        const file = await RegularFile.open(path);
        try {
          for (const entry of (await readZip(file)).entries.values()) {
            expect(entry.offset + entry.size).toBeLessThanOrEqual(bytes.length);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CocaError);
        } finally {
          await file.close();
        }
      }),
      { numRuns: 1500 },
    );
  });
});
