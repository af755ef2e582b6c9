import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { indexShard } from '../../../src/model/data/formats/tar.js';
import { openDataset } from '../../../src/model/data/open.js';
import { readSample } from '../../../src/model/data/read.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

/** What Python's own readers find (scripts/reference/data_sets.py). */
const golden = JSON.parse(readFileSync(fixture('data-sets/golden.json'), 'utf8')) as {
  tables: { name: string; text: string; rows: [string, string][] }[];
  shards: { name: string; tar: string; samples: [string, Record<string, string>][]; refused: string[] }[];
};

const { write } = temporaryFolder();

describe('shards beside webdataset', () => {
  it.each(golden.shards.map((shard) => [shard.name, shard] as const))('%s', async (_, { tar, samples, refused }) => {
    const bytes = gunzipSync(Buffer.from(tar, 'base64'));
    const index = await indexShard(write('a.tar', bytes));
    expect(index.problem).toBeUndefined();
    const ours = index.samples.map(({ key, members, unread }) => ({
      key,
      members: Object.fromEntries(
        Object.entries(members).map(([ending, { start, end }]) => [ending, bytes.toString('latin1', start, end)]),
      ),
      unread: Object.values(unread),
    }));
    // A name that webdataset refuses begins a sample that tells it; all others are the same.
    const told = ours.filter(({ unread }) => unread.some((why) => why.endsWith('a second time')));
    if (refused.length === 0) {
      expect(ours.map(({ key, members }) => [key, members])).toEqual(samples);
    } else {
      expect(told.map(({ unread }) => unread)).toEqual([[`${refused[0]} is in the shard a second time`]]);
    }
  });
});

describe('tables beside pandas', () => {
  it.each(golden.tables.map((table) => [table.name, table] as const))('%s', async (name, { text, rows }) => {
    for (const [path] of rows) write(path, path);
    const dataset = await openDataset(write(name, text), { needs: 'captions' });
    const { size, locate } = await dataset.openUnit(0, indexShard);
    const found: unknown[] = [];
    for (let i = 0; i < size; i++) {
      const { image, captions } = await readSample(locate(i));
      found.push([new TextDecoder().decode(image as Uint8Array), captions[0] ?? '']);
    }
    expect(found).toEqual(rows);
  });
});
