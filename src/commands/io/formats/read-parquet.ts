import { CocaError } from '../../../model/base/errors.js';
import { shortestFloat32 } from '../../../model/base/numbers/vectors.js';
import { safeJson } from '../../../ui/text.js';
import { kindOf } from './parquet-file.js';
import type { Row } from './rows.js';

/** Rows that are decoded at a time: what `writeParquet` writes says where its pages are. */
const ROWS_AT_ONCE = 1000;

/**
 * Reads what `writeParquet` wrote, as the JSON lines that it was made of. A field that has nothing in a row is left out.
 * @throws CocaError `bad-data`
 */
export async function* parquetLines(path: string): AsyncGenerator<{ readonly text: string }> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const count = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < count; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(count, rowStart + ROWS_AT_ONCE);
      const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, useOffsetIndex: true });
      for (const row of rows) yield { text: safeJson(objectOf(row)) };
    }
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('bad-data', `${path}: ${(cause as Error).message}`, undefined, { cause });
  }
}

function objectOf(row: Row): Row {
  const fields = Object.entries(row).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const kind = kindOf(name);
    if (kind === 'json') return [[name, JSON.parse(value as string)]];
    return [[name, kind === 'numbers' ? Array.from(value as ArrayLike<number>, shortestFloat32) : value]];
  });
  return Object.fromEntries(fields);
}
