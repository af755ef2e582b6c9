import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { indexShard } from '../../../src/model/data/formats/tar.js';
import { temporaryFolder } from '../../support/folder.js';
import { buildTar, seal } from './build-tar.js';

const { at, write } = temporaryFolder();

/** What an index finds, with the bytes it points at. */
async function contents(path: string) {
  const bytes = readFileSync(path);
  const { samples, problem } = await indexShard(path);
  const found = samples.map(({ key, members }) => [
    key,
    Object.fromEntries(
      Object.entries(members).map(([ext, { start, end }]) => [ext, bytes.toString('utf8', start, end)]),
    ),
  ]);
  return { found, problem: problem?.message };
}

const PAIRS = [
  { name: '000.jpg', content: 'picture 0' },
  { name: '000.txt', content: 'caption 0' },
  { name: '001.PNG', content: 'x'.repeat(1500) },
  { name: '001.json', content: '{"caption": "one"}' },
];

describe('a shard', () => {
  it('has its members grouped by what comes before the first dot', async () => {
    const path = write(
      'a.tar',
      buildTar([
        { name: 'folder/', type: '5' },
        ...PAIRS,
        { name: 'folder.d/002.seg.png', content: 'mask' },
        { name: 'folder.d/002.jpg', content: 'two' },
        { name: 'folder.d/.hidden', content: '' },
        { name: 'README', content: 'no dot' },
        { name: 'link.d', type: '5' },
      ]),
    );
    expect(await contents(path)).toEqual({
      found: [
        ['000', { jpg: 'picture 0', txt: 'caption 0' }],
        ['001', { png: 'x'.repeat(1500), json: '{"caption": "one"}' }],
        ['folder.d/002', { 'seg.png': 'mask', jpg: 'two' }],
      ],
      problem: undefined,
    });
  });

  it.each(['prefix', 'pax', 'gnu'] as const)('has long names (%s)', async (style) => {
    const key = `${'a'.repeat(60)}/${'b'.repeat(60)}/ü`;
    const path = write(
      'a.tar',
      buildTar([
        { name: `${key}.jpg`, content: 'p', style },
        { name: `${key}.txt`, content: 'c', style },
        { name: 'next.txt', content: 'n' },
      ]),
    );
    expect((await contents(path)).found).toEqual([
      [key, { jpg: 'p', txt: 'c' }],
      ['next', { txt: 'n' }],
    ]);
  });

  it('reads what the tar program writes, in its formats', async () => {
    write('in/0.jpg', 'jpeg');
    write('in/0.txt', 'words');
    for (const format of ['ustar', 'pax', 'gnu', 'v7']) {
      execFileSync('tar', ['-C', at('in'), `--format=${format}`, '-cf', at(`${format}.tar`), '0.jpg', '0.txt']);
      expect(await contents(at(`${format}.tar`))).toEqual({
        found: [['0', { jpg: 'jpeg', txt: 'words' }]],
        problem: undefined,
      });
    }
  });

  it('needs no blocks of zeros at its end', async () => {
    expect(await contents(write('a.tar', buildTar(PAIRS, { end: false })))).toMatchObject({ problem: undefined });
  });

  it('reads sizes in binary', async () => {
    const bytes = buildTar([{ name: 'a.txt', content: 'hello' }]);
    bytes.fill(0, 124, 136);
    bytes[124] = 0x80;
    bytes[135] = 5;
    seal(bytes.subarray(0, 512));
    expect((await contents(write('a.tar', bytes))).found).toEqual([['a', { txt: 'hello' }]]);
  });

  it('that is cut short has what comes before, and says so', async () => {
    const whole = buildTar(PAIRS, { end: false });
    const inMember = await contents(write('a.tar', whole.subarray(0, 512 * 6)));
    expect(inMember.found).toEqual([['000', { jpg: 'picture 0', txt: 'caption 0' }]]);
    expect(inMember.problem).toMatch(/a\.tar: the archive ends within the member at byte 2048/);
    const inHeader = await contents(write('a.tar', whole.subarray(0, 512 * 4 + 100)));
    expect(inHeader.problem).toMatch(/ends within the header/);
  });

  it('that is damaged has what comes before, and says so', async () => {
    const bytes = buildTar(PAIRS);
    bytes[2048] = bytes[2048]! ^ 1;
    expect(await contents(write('a.tar', bytes))).toMatchObject({
      problem: expect.stringMatching(/no valid header at byte 2048/),
    });
    const huge = buildTar(PAIRS);
    huge.write('77777777777\0', 2048 + 124);
    seal(huge.subarray(2048, 2560));
    expect(await contents(write('b.tar', huge))).toMatchObject({
      problem: expect.stringMatching(/ends within the member/),
    });
  });

  it('has members that are no plain files as such, without losing its way', async () => {
    const kinds = { 1: 'a hard link', 2: 'a symbolic link', 3: 'a device', 6: 'a pipe', M: 'of the type "M"' };
    const entries = Object.keys(kinds).flatMap((type) => [
      { name: `${type}.jpg`, type, declared: '123'.includes(type) ? 700 : 0 },
      { name: `${type}.txt`, content: type },
    ]);
    const { samples, problem } = await indexShard(write('a.tar', buildTar(entries)));
    expect(problem).toBeUndefined();
    expect(samples.map(({ members, unread }) => [Object.keys(members), { ...unread }])).toEqual(
      Object.entries(kinds).map(([type, kind]) => [['txt'], { jpg: `${type}.jpg is ${kind}, not a plain file` }]),
    );
  });

  it.each(['gnu', '0.0', '0.1', '1.0'])('has sparse files as such (%s)', async (version) => {
    write('in/a.jpg', '');
    const file = openSync(at('in/a.jpg'), 'w');
    for (let i = 0; i < 40; i++) writeSync(file, 'data', i * 65536);
    closeSync(file);
    write('in/a.txt', 'after');
    const format = version === 'gnu' ? ['--format=gnu'] : ['--format=pax', `--sparse-version=${version}`];
    execFileSync('tar', [
      '-C',
      at('in'),
      '--sparse',
      '--hole-detection=raw',
      ...format,
      '-cf',
      at('a.tar'),
      'a.jpg',
      'a.txt',
    ]);
    const { samples } = await indexShard(at('a.tar'));
    expect(samples.map(({ key, unread }) => [key, { ...unread }])).toEqual([
      ['a', { jpg: 'a.jpg is a sparse file, not a plain file' }],
    ]);
    expect((await contents(at('a.tar'))).found).toEqual([['a', { txt: 'after' }]]);
  });

  it('behind whose end there is another one says so', async () => {
    const { found, problem } = await contents(write('a.tar', Buffer.concat([buildTar(PAIRS), buildTar(PAIRS)])));
    expect(found).toHaveLength(2);
    expect(problem).toMatch(/a\.tar: the archive ends at byte 5120, but there is more at byte 6144/);
    expect(await contents(write('b.tar', Buffer.concat([buildTar(PAIRS), Buffer.alloc(200_000)])))).toMatchObject({
      problem: undefined,
    });
  });

  it('has names that are no UTF-8, each its own', async () => {
    const bytes = buildTar([
      { name: '?.jpg', content: 'one' },
      { name: '?.jpg', content: 'two' },
    ]);
    for (const [place, byte] of [
      [0, 0xe9],
      [1024, 0xea],
    ] as const) {
      bytes[place] = byte;
      seal(bytes.subarray(place, place + 512));
    }
    expect((await contents(write('a.tar', bytes))).found).toEqual([
      ['\udce9', { jpg: 'one' }],
      ['\udcea', { jpg: 'two' }],
    ]);
    // Old programs took the bytes as signed for the sum.
    const sum = bytes
      .subarray(0, 512)
      .reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : (byte << 24) >> 24), 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect((await contents(write('b.tar', bytes))).found).toHaveLength(2);
  });

  it('whose extended header is damaged says so', async () => {
    const bytes = buildTar([...PAIRS, { name: 'long.jpg', content: 'p', style: 'pax' }]);
    const place = bytes.indexOf('path=long.jpg');
    bytes.write('x', place - 3);
    expect(await contents(write('a.tar', bytes))).toMatchObject({
      found: [expect.anything(), expect.anything()],
      problem: expect.stringMatching(/no valid extended header at byte 5120/),
    });
  });

  it('that is none is refused', async () => {
    for (const content of ['', 'words', 'x'.repeat(5000)]) {
      await expect(indexShard(write('a.tar', content))).rejects.toMatchObject({ code: 'bad-data' });
    }
    await expect(indexShard(at('none.tar'))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('with a member called __proto__ is nothing special', async () => {
    const path = write(
      'a.tar',
      buildTar([
        { name: 'a.__proto__', content: 'x' },
        { name: 'a.txt', content: 'y' },
      ]),
    );
    const { samples } = await indexShard(path);
    expect(Object.keys(samples[0]!.members)).toEqual(['__proto__', 'txt']);
  });
});
