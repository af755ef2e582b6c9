import { dirname } from 'node:path';
import { CocaError } from '../../../model/base/errors.js';
import { makeFolder } from '../../../model/base/folders.js';
import { orWriteFailed, writeWhole } from '../../../model/base/whole-file.js';
import { encodeF16 } from '../../../model/checkpoint/half.js';
import { metadataPathOf } from '../../../model/collection/clip-retrieval/files.js';
import { npyHeader } from '../../../model/collection/clip-retrieval/npy.js';
import { columnsOf, writeParquetRows } from './parquet-file.js';
import { embeddingOf, parsedRows, type Row, type Rows, type WriteOptions } from './rows.js';

/** Where the rows of a matrix are told. */
export const metadataOfMatrix = (target: string): string =>
  metadataPathOf(target) ?? target.replace(/\.npy$/i, '.parquet');

/**
 * Writes embeddings as a matrix, and what else is known of each row as a Parquet file of as many rows beside it: NAME.npy and
 * NAME.parquet, with image_path, as autofaiss reads them; of img_emb/img_emb_N.npy the second is metadata/metadata_N.parquet, as clip-retrieval
 * has it. The matrix comes last.
 * @throws CocaError `write-failed`; `bad-data` for rows without embeddings
 */
export async function writeNpyFile(target: string, { lines, count }: Rows, { isHalf }: WriteOptions): Promise<void> {
  const metadata = metadataOfMatrix(target);
  await orWriteFailed(metadata, makeFolder(dirname(metadata)));
  const names = (await columnsOf(lines())).filter((name) => name !== 'image' && name !== 'embedding');
  await writeParquetRows(metadata, ['image_path', ...names], metadataRows(parsedRows(lines())), isHalf);
  await writeWhole(target, async (write) => {
    let width = 0;
    for await (const row of parsedRows(lines())) {
      const embedding = embeddingOf(row, target);
      if (width === 0) {
        width = embedding.length;
        await write(npyHeader(count, width, isHalf));
      }
      if (embedding.length !== width) {
        throw new CocaError('bad-data', `${target}: ${row.image} has ${embedding.length} numbers, and others ${width}`);
      }
      const values = Float32Array.from(embedding);
      await write(new Uint8Array((isHalf ? encodeF16(values) : values).buffer));
    }
    if (width === 0) await write(npyHeader(0, 0, isHalf));
  });
}

async function* metadataRows(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  for await (const { image, embedding: _, ...rest } of rows) yield { image_path: image, ...rest };
}
