import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Coca } from '../api.js';
import { CocaError } from '../base/errors.js';
import { writeWhole } from '../base/whole-file.js';
import type { Pixels } from '../image/picture.js';

/** What embeddings depend on: those of others cannot be compared with them. */
export interface Maker {
  /** What results call the model. */
  readonly name: string;
  /** Of its weights, 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly precision: string;
  readonly pixels: Pixels;
  /** Numbers of an embedding. */
  readonly width: number;
}

/** What an index is of. */
export interface Manifest {
  readonly format: 1;
  /** Real path of the folder, as `decodeName` gives it. */
  readonly root: string;
  readonly maker: Maker;
  /** Whether captions are kept beside embeddings. */
  readonly captions: boolean;
  /** Whether all pictures have been through once. */
  readonly isComplete: boolean;
}

const FILE = 'collection.json';

/** Name of the file that tells who writes in an index. */
export const LOCK_FILE = 'index.lock';

export async function makerOf(
  coca: Pick<Coca, 'name' | 'fingerprint' | 'precision' | 'config'>,
  pixels: Pixels,
): Promise<Maker> {
  const fingerprint = await coca.fingerprint();
  return { name: coca.name, fingerprint, precision: coca.precision, pixels, width: coca.config.embed_dim };
}

/**
 * What the index in a folder is of; undefined where there is none.
 * @throws CocaError `bad-data` for one that is malformed, or of a later program
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new CocaError('unreadable', `cannot read ${path}`, undefined, { cause: error });
  }
  return parse(text, path);
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeWhole(join(folder, FILE), (write) => write(Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)));
}

/**
 * Refuses an index of other embeddings.
 * @throws CocaError `bad-data` that names both
 */
export function requireMaker(folder: string, { maker }: Manifest, wanted: Maker): void {
  if (isSameMaker(maker, wanted)) return;
  throw new CocaError(
    'bad-data',
    `the index in ${folder} was made by ${makerText(maker)}, not by ${makerText(wanted)}`,
    'embeddings of two models cannot be compared: name the model that made it, or another --index',
  );
}

const isSameMaker = (a: Maker, b: Maker): boolean =>
  a.fingerprint === b.fingerprint && a.precision === b.precision && a.pixels === b.pixels && a.width === b.width;

const makerText = ({ name, fingerprint, precision, pixels }: Maker): string =>
  `${name} (weights ${fingerprint.slice(0, 12)}, ${precision}, ${pixels} pixels)`;

function parse(text: string, path: string): Manifest {
  const bad = (what: string) =>
    new CocaError('bad-data', `${path}: ${what}`, 'remove the folder that it is in, and index anew');
  let found: Partial<Manifest>;
  try {
    found = JSON.parse(text) as Partial<Manifest>;
  } catch {
    throw bad('no JSON');
  }
  if (found?.format !== 1) throw bad('not an index that this program knows');
  const { root, maker, captions, isComplete } = found;
  const isWhole =
    typeof root === 'string' &&
    typeof captions === 'boolean' &&
    typeof isComplete === 'boolean' &&
    typeof maker?.name === 'string' &&
    /^[0-9a-f]{64}$/.test(String(maker.fingerprint)) &&
    typeof maker.precision === 'string' &&
    typeof maker.pixels === 'string' &&
    Number.isInteger(maker.width);
  if (!isWhole) throw bad('a field is missing');
  return { format: 1, root, maker: maker as Maker, captions, isComplete };
}
