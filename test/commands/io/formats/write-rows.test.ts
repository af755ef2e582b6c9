import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { formatOfFile, isNumbered, numberedName } from '../../../../src/commands/io/formats/format.js';
import { writeParquetRows } from '../../../../src/commands/io/formats/parquet-file.js';
import { parquetLines } from '../../../../src/commands/io/formats/read-parquet.js';
import type { Row } from '../../../../src/commands/io/formats/rows.js';
import { writeTars } from '../../../../src/commands/io/formats/tar-files.js';
import { writeRows } from '../../../../src/commands/io/formats/write-rows.js';
import { shortestFloat32 } from '../../../../src/model/base/numbers/vectors.js';
import { indexShard } from '../../../../src/model/data/formats/tar.js';
import { temporaryFolder } from '../../../support/folder.js';
import { fixture } from '../../../support/golden.js';

const { at } = temporaryFolder();
const FULL = { isHalf: false };

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
const rowsOf = (rows: readonly Row[]) => ({
  lines: () => each(rows.map((row) => JSON.stringify(row))),
  count: rows.length,
});
async function linesIn(path: string): Promise<unknown[]> {
  const found = [];
  for await (const { text } of parquetLines(path)) found.push(JSON.parse(text));
  return found;
}

const EMBEDDED: readonly Row[] = [
  { image: 'a.png', embedding: [1, -2, 0.1] },
  { image: 'b "quoted".png', embedding: [0.0000000001, 65504, 0.33333334] },
];
const CAPTIONED: readonly Row[] = [
  { image: 'a.png', caption: 'a dog', score: -0.25, ids: [1, 2], tokens: [{ id: 2, logprob: -0.5 }], model: 'm' },
  { image: 'ä.png', caption: 'eine "Katze"\n', score: -1e-9, ids: [], tokens: [], model: 'm', alternatives: ['x'] },
];

describe('a matrix', () => {
  test('has the bytes of the format, a header of a multiple of 64 and rows in little-endian', async () => {
    await writeRows(at('x.npy'), rowsOf(EMBEDDED), FULL);
    const bytes = readFileSync(at('x.npy'));
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    expect(bytes.subarray(0, 10)).toEqual(Buffer.from('934e554d5059010076 00'.replace(' ', ''), 'hex'));
    expect(bytes.toString('latin1', 10, 128)).toBe(`${header.padEnd(117)}\n`);
    expect(Array.from({ length: 6 }, (_, i) => bytes.readFloatLE(128 + 4 * i))).toEqual(
      [1, -2, 0.1, 0.0000000001, 65504, 0.33333334].map(Math.fround),
    );
    expect(bytes).toHaveLength(128 + 24);
    expect(await linesIn(at('x.parquet'))).toEqual([{ image_path: 'a.png' }, { image_path: 'b "quoted".png' }]);
  });

  test('of half precision is rounded to nearest', async () => {
    await writeRows(at('h.npy'), rowsOf(EMBEDDED), { isHalf: true });
    const bytes = readFileSync(at('h.npy'));
    expect(bytes.toString('latin1', 10, 40)).toContain("'<f2'");
    // numpy: np.array([1, -2, .1, 1e-10, 65504, .333333343], 'f2').view('u2')
    expect(Array.from({ length: 6 }, (_, i) => bytes.readUInt16LE(128 + 2 * i))).toEqual([
      0x3c00, 0xc000, 0x2e66, 0x0000, 0x7bff, 0x3555,
    ]);
  });

  test('of nothing, of captions, and of two widths', async () => {
    await writeRows(at('none.npy'), rowsOf([]), FULL);
    expect(readFileSync(at('none.npy')).toString('latin1')).toContain("'shape': (0, 0)");
    await expect(writeRows(at('c.npy'), rowsOf(CAPTIONED), FULL)).rejects.toThrow('a.png has no embedding');
    const uneven = [EMBEDDED[0]!, { image: 'b.png', embedding: [1] }];
    await expect(writeRows(at('u.npy'), rowsOf(uneven), FULL)).rejects.toThrow('b.png has 1 numbers, and others 3');
    expect(readdirSync(at('.')).filter((name) => /^(c|u)\.npy|tmp$/.test(name))).toEqual([]);
  });
});

describe('a Parquet file', () => {
  test('gives back the results it was made of', async () => {
    await writeRows(at('e.parquet'), rowsOf(EMBEDDED), FULL);
    expect(await linesIn(at('e.parquet'))).toEqual(EMBEDDED);
    await writeRows(at('c.parquet'), rowsOf(CAPTIONED), FULL);
    expect(await linesIn(at('c.parquet'))).toEqual(CAPTIONED);
    await writeRows(at('n.parquet'), rowsOf([]), FULL);
    expect(await linesIn(at('n.parquet'))).toEqual([]);
  });

  test('any texts and numbers survive, in row groups of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            image: fc.string({ unit: 'grapheme' }),
            caption: fc.string({ unit: 'grapheme' }),
            score: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
            embedding: fc.array(
              fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => shortestFloat32(value + 0)),
            ),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        fc.integer({ min: 1, max: 300 }),
        async (rows, groupBytes) => {
          await writeParquetRows(
            at('any.parquet'),
            ['image', 'caption', 'score', 'embedding'],
            each(rows),
            false,
            groupBytes,
          );
          expect(await linesIn(at('any.parquet'))).toEqual(JSON.parse(JSON.stringify(rows)));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('has row groups of the size that is meant', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ image: `${i}`, embedding: Array(100).fill(i) }));
    await writeParquetRows(at('g.parquet'), ['image', 'embedding'], each(rows), false, 4000);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(at('g.parquet')));
    const sizes = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
    expect(sizes).toEqual(Array(10).fill(10));
    expect(await linesIn(at('g.parquet'))).toEqual(rows);
  });
});

describe('shards of WebDataset', () => {
  const picture = readFileSync(fixture('archives/1.png'));
  const pictureOf = async () => picture;

  test('have picture, text and JSON of each caption under one key, in files of the size that is meant', async () => {
    const rows = Array.from({ length: 5 }, (_, i) => ({
      ...CAPTIONED[0]!,
      image: `${i}.png`,
      caption: `caption ${i}`,
    }));
    await writeTars(at('w-%03d.tar'), rowsOf(rows), { isHalf: false, pictureOf }, 300);
    expect(readdirSync(at('.')).sort()).toEqual(['w-000.tar', 'w-001.tar', 'w-002.tar']);
    const found = [];
    for (const name of ['w-000.tar', 'w-001.tar', 'w-002.tar']) {
      const { samples, problem } = await indexShard(at(name));
      expect(problem).toBe(undefined);
      const bytes = readFileSync(at(name));
      for (const { key, members } of samples) {
        const text = (ending: string) => bytes.subarray(members[ending]!.start, members[ending]!.end);
        expect(text('png')).toEqual(picture);
        found.push([key, text('txt').toString(), JSON.parse(text('json').toString())]);
      }
    }
    expect(found).toEqual(rows.map((row, i) => [`00000000${i}`, row.caption, row]));
  });

  test('a picture that is gone ends the work, and its file is not there', async () => {
    const gone = async (): Promise<Buffer> => {
      throw new Error('gone');
    };
    await expect(writeTars(at('g-%d.tar'), rowsOf(CAPTIONED), { isHalf: false, pictureOf: gone })).rejects.toThrow(
      'gone',
    );
    expect(readdirSync(at('.'))).toEqual([]);
  });
});

test('the format is told by the end of the name', () => {
  expect(
    ['a.jsonl', 'a.PARQUET', 'a.npy', 'a-%05d.tar', 'a-%d.tar', 'a.tar', 'a.json', 'npy'].map(formatOfFile),
  ).toEqual(['jsonl', 'parquet', 'npy', 'tar', 'tar', undefined, undefined, undefined]);
  expect(numberedName('out/w-%05d.tar', 12)).toBe('out/w-00012.tar');
  expect(numberedName('w%d.tar', 12)).toBe('w12.tar');
  expect(
    ['w-00012.tar', 'w-.tar', 'w-1a.tar', 'w-1.tar.gz', 'x-1.tar'].map((name) => isNumbered(name, 'w-%05d.tar')),
  ).toEqual([true, false, false, false, false]);
});

const PYTHON = process.env.COCA_REFERENCE_PYTHON ?? 'python3';
const hasReaders = spawnSync(PYTHON, ['-c', 'import duckdb, numpy, pandas, pyarrow, webdataset']).status === 0;

/** Where Python has these packages: scripts/reference/archives.py says how to get them. */
describe.runIf(hasReaders)('other programs', () => {
  test('read the same: NumPy, pyarrow, pandas, DuckDB and webdataset', async () => {
    await writeRows(at('full.npy'), rowsOf(EMBEDDED), FULL);
    await writeRows(at('half.npy'), rowsOf(EMBEDDED), { isHalf: true });
    await writeRows(at('embedded.parquet'), rowsOf(EMBEDDED), FULL);
    await writeRows(at('rounded.parquet'), rowsOf(EMBEDDED), { isHalf: true });
    await writeRows(at('captioned.parquet'), rowsOf(CAPTIONED), FULL);
    symlinkSync(fixture('archives/1.png'), at('1.png'));
    const picture = readFileSync(at('1.png'));
    await writeTars(at('w-%02d.tar'), rowsOf(CAPTIONED), { isHalf: false, pictureOf: async () => picture }, 200);
    const script = fileURLToPath(new URL('../../../../scripts/reference/archives.py', import.meta.url));
    const { stdout, stderr, status } = spawnSync(PYTHON, [script, 'read', at('.')], { encoding: 'utf8' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const found = JSON.parse(stdout);
    const exact = EMBEDDED.map(({ embedding }) => (embedding as number[]).map(Math.fround));
    const half = [
      [1, -2, 0.0999755859375],
      [0, 65504, 0.333251953125],
    ];
    expect(found['full.npy']).toEqual({ dtype: 'float32', values: exact });
    expect(found['half.npy']).toEqual({ dtype: 'float16', values: half });
    const names = EMBEDDED.map(({ image }) => image);
    expect(found['embedded.parquet'].types.embedding).toMatch(/^list<element: float/);
    expect(found['rounded.parquet'].types.embedding).toMatch(/^list<element: halffloat/);
    for (const [file, values] of [
      ['embedded.parquet', exact],
      ['rounded.parquet', half],
    ] as const) {
      expect(found[file].pyarrow).toEqual(names.map((image, i) => ({ image, embedding: values[i] })));
      expect(found[file].duckdb).toEqual(names.map((image, i) => [image, values[i]]));
    }
    const { pyarrow, pandas, duckdb } = found['captioned.parquet'];
    const stored = CAPTIONED.map((row) => ({
      ...row,
      tokens: JSON.stringify(row.tokens),
      alternatives: row.alternatives === undefined ? null : JSON.stringify(row.alternatives),
    }));
    expect(pyarrow).toEqual(stored);
    expect(pandas).toEqual(stored);
    expect(duckdb).toEqual(stored.map((row) => Object.values(row)));
    expect(found.tar.map(({ __key__: key, png, txt }: Record<string, string>) => [key, png, txt])).toEqual(
      CAPTIONED.map(({ caption }, i) => [
        `00000000${i}`,
        picture.toString('hex'),
        Buffer.from(`${caption}`).toString('hex'),
      ]),
    );
  }, 60_000);
});
