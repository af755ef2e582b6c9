import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../../model/base/errors.js';
import { fileError } from '../../model/base/regular-file.js';
import { writeWhole } from '../../model/base/whole-file.js';
import type { RunRecord } from '../io/run-record.js';
import type { NameCount } from './share.js';
import type { Shard } from './types.js';

/** A file of a part, as it was when it was whole. */
export interface PartFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What is known of a whole part. It is written last: a part that has one is whole. */
export interface Manifest extends RunRecord {
  readonly version: 1;
  readonly command: string;
  /** Which share, from 0, of how many. */
  readonly shard: readonly [index: number, count: number];
  /** Where the model ran. */
  readonly device: string;
  /** Whether archives were shared out whole, or pictures. */
  readonly unit: 'picture' | 'archive';
  /** All that was given to every shard, and what of it is this one's. */
  readonly input: NameCount;
  readonly share: NameCount;
  readonly results: number;
  readonly failed: number;
  readonly part: PartFile;
  /** Not there where nothing failed. */
  readonly errors?: PartFile;
}

/** What the files of a part are called, without their ends. */
export const partName = ({ index, count }: Shard): string => `part-${index}-of-${count}`;

/** Which share a file of a part belongs to by its name: `part-3-of-8.jsonl`, `part-3-of-8.errors.jsonl`, `part-3-of-8.json`. */
export function shardOfFile(name: string): Shard | undefined {
  const [, index, count] = /^part-(\d{1,9})-of-(\d{1,9})\.[^/\\]+$/.exec(name) ?? [];
  return index === undefined ? undefined : { index: Number(index), count: Number(count) };
}

export const manifestPath = (folder: string, shard: Shard): string => join(folder, `${partName(shard)}.json`);

/** A file's size and SHA-256. */
export async function describeFile(folder: string, name: string): Promise<PartFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(join(folder, name), { highWaterMark: 2 ** 20 })) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw fileError(join(folder, name), error);
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  await writeWhole(path, (write) => write(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)));
}

/**
 * @returns nothing where there is no such file
 * @throws CocaError `unreadable`; `bad-data` for what is no manifest of a part
 */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(path, error);
  }
  const manifest = parsed(text);
  if (manifest !== undefined) return manifest;
  throw new CocaError('bad-data', `${path} is no manifest of a part`, 'remove it, and run that shard once more');
}

function parsed(text: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(text) as Partial<Manifest> | null;
    const isSound =
      manifest?.version === 1 &&
      isNameCount(manifest.input) &&
      isNameCount(manifest.share) &&
      isPartFile(manifest.part) &&
      (manifest.errors === undefined || isPartFile(manifest.errors)) &&
      [manifest.results, manifest.failed, manifest.shard?.[0], manifest.shard?.[1]].every(Number.isSafeInteger) &&
      typeof manifest.command === 'string' &&
      typeof manifest.model === 'object';
    return isSound ? (manifest as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

const isNameCount = (value: NameCount | undefined): boolean =>
  Number.isSafeInteger(value?.count) && /^[0-9a-f]{64}$/.test(String(value?.digest));

/** Its name is one in the folder, and leads nowhere else. */
const isPartFile = (value: PartFile | undefined): boolean =>
  shardOfFile(String(value?.name)) !== undefined &&
  Number.isSafeInteger(value?.bytes) &&
  typeof value?.sha256 === 'string';
