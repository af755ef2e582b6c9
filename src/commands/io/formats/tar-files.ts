import { pack } from 'tar-stream';
import { CocaError } from '../../../model/base/errors.js';
import { writeWhole } from '../../../model/base/whole-file.js';
import { sniffImage } from '../../../model/image/sniff.js';
import { numberedName } from './format.js';
import { parsedRows, type Row, type Rows, type WriteOptions } from './rows.js';

/** A file of a row of files is ended once it is this large. */
export const SHARD_BYTES = 10 ** 9;
/** Digits of a sample's key: webdataset groups neighbours by it, and other tools sort by it. */
const KEY_DIGITS = 9;

/**
 * Writes captions with their pictures as shards of WebDataset: KEY.jpg (or .png, ...; the file's own bytes), KEY.txt, KEY.json, in files of
 * about 1 GB, each whole or not at all. The key is the number of the result.
 * @throws CocaError `write-failed`; `bad-data` for results without captions; what reading a picture throws
 */
export async function writeTars(
  target: string,
  { lines }: Rows,
  { pictureOf }: WriteOptions,
  shardBytes = SHARD_BYTES,
): Promise<void> {
  if (pictureOf === undefined) throw new CocaError('usage', `${target}: the pictures are not at hand`, 'NAME.parquet');
  const rows = parsedRows(lines())[Symbol.asyncIterator]();
  let number = 0;
  let next = await rows.next();
  for (let file = 0; file === 0 || !next.done; file++) {
    await writeWhole(numberedName(target, file), async (write) => {
      const tar = pack();
      const entries = async () => {
        for (let bytes = 0; !next.done && bytes < shardBytes; next = await rows.next()) {
          for (const [name, content] of await membersOf(next.value, number++, target, pictureOf)) {
            await add(tar, name, content);
            bytes += content.length;
          }
        }
        tar.finalize();
      };
      const added = entries().catch((error: unknown) => tar.destroy(error as Error));
      for await (const chunk of tar) await write(chunk as Buffer);
      await added;
    });
  }
}

async function membersOf(
  row: Row,
  number: number,
  target: string,
  pictureOf: (name: string) => Promise<Buffer>,
): Promise<readonly [name: string, content: Buffer][]> {
  const { image, caption } = row;
  if (typeof caption !== 'string') {
    throw new CocaError('bad-data', `${target}: ${image} has no caption`, 'coca caption writes captions');
  }
  const picture = await pictureOf(String(image));
  const key = String(number).padStart(KEY_DIGITS, '0');
  return [
    [`${key}.${extensionOf(picture)}`, picture],
    [`${key}.txt`, Buffer.from(caption)],
    [`${key}.json`, Buffer.from(JSON.stringify(row))],
  ];
}

/** What WebDataset calls a picture's format by. */
function extensionOf(picture: Buffer): string {
  const format = String(sniffImage(picture)).toLowerCase();
  return format === 'jpeg' ? 'jpg' : format;
}

/** Times and owners stay those of the library, zero: the same results give the same bytes. */
const add = (tar: ReturnType<typeof pack>, name: string, content: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    tar.entry({ name, size: content.length, mtime: new Date(0) }, content, (error) =>
      error ? reject(error) : resolve(),
    );
  });
