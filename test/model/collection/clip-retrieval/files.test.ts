import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readEmbeddings } from '../../../../src/model/collection/clip-retrieval/files.js';
import { readNpy, writeNpy } from '../../../../src/model/collection/clip-retrieval/npy.js';
import { temporaryFolder } from '../../../support/folder.js';
import { fixture } from '../../../support/golden.js';

const { at, write } = temporaryFolder();

test("NumPy's and pandas' own files: half precision, made one long, by the paths of their pictures", async () => {
  const imported = await readEmbeddings(fixture('clip-retrieval'), 4);
  expect(imported.count).toBe(3);
  const expectVector = (vector: Float32Array | undefined, row: readonly number[]) => {
    const length = Math.hypot(...row);
    for (const [i, value] of row.entries()) expect(vector![i]).toBeCloseTo(value / length, 6);
  };
  expectVector(imported.vectorOf('/pictures', 'a.jpg'), [3, 4, 0, 0]);
  expectVector(imported.vectorOf('/anywhere', 'b c/é.png'), [0, 0.5, 0, -0.25]);
  // 0.001 in half precision.
  expectVector(imported.vectorOf('/anywhere', 'd.webp'), [0.0010004043579101562, 2, 7, 1]);
  expect(imported.vectorOf('/anywhere', 'a.jpg')).toBeUndefined();
});

test('what does not fit is refused by name', async () => {
  await expect(readEmbeddings(fixture('clip-retrieval'), 512)).rejects.toMatchObject({ message: /of 4 numbers.*512/ });
  await expect(readEmbeddings(at('nowhere'), 4)).rejects.toMatchObject({ code: 'not-found' });
  cpSync(fixture('clip-retrieval'), at('copy'), { recursive: true });
  writeFileSync(at('copy/metadata/metadata_0.parquet'), 'PAR1 and no more');
  await expect(readEmbeddings(at('copy'), 4)).rejects.toMatchObject({ code: 'bad-data' });
  rmSync(at('copy/metadata/metadata_0.parquet'));
  await expect(readEmbeddings(at('copy'), 4)).rejects.toMatchObject({ code: 'not-found' });
  const npy = readFileSync(fixture('clip-retrieval/img_emb/img_emb_0.npy'));
  const cases: [RegExp, Buffer][] = [
    [/no \.npy file/, Buffer.from('text')],
    [/bytes of data/, npy.subarray(0, -1)],
    [/type <f8/, Buffer.from(npy.toString('latin1').replace("'<f2'", "'<f8'"), 'latin1')],
    [/not rows/, Buffer.from(npy.toString('latin1').replace('False', 'True '), 'latin1')],
  ];
  for (const [message, bytes] of cases) {
    await expect(readNpy(write('a.npy', bytes))).rejects.toMatchObject({ code: 'bad-data', message });
  }
});

test('rows are written as NumPy writes single precision', async () => {
  const rows = [Float32Array.of(1, 2, 3), Float32Array.of(-0.5, 0, 1e30)];
  await writeNpy(at('rows.npy'), 3, rows);
  const bytes = readFileSync(at('rows.npy'));
  // What numpy.save writes for float32 of shape (2, 3): 128 bytes of header.
  expect(bytes.toString('latin1', 10, 128)).toBe(
    `${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`,
  );
  expect(await readNpy(at('rows.npy'))).toEqual({ rows: 2, width: 3, values: Float32Array.of(1, 2, 3, -0.5, 0, 1e30) });
});
