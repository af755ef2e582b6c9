import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../../model/base/errors.js';
import { fileError } from '../../model/base/regular-file.js';
import { toItemError } from '../io/results.js';
import { runDifferences } from '../io/run-record.js';
import { describeFile, type Manifest, manifestPath, partName, readManifest, shardOfFile } from './manifest.js';
import { NameCounter } from './share.js';
import type { Shard } from './types.js';

/** What is wrong with a part, or with all of them together. */
export interface BrokenPart {
  readonly name: string;
  readonly error: CocaError;
}

/**
 * The parts of a folder in the order of their numbers: those that count, and why others do not; last, what all of them together lack.
 * @param tell is told what is looked at
 * @throws CocaError `not-found` for a folder without parts; `bad-data` for one with parts of several numbers of shards
 */
export async function* checkParts(folder: string, tell: (text: string) => void): AsyncGenerator<Manifest | BrokenPart> {
  const { count, isBegun } = await partsOf(folder);
  const counter = new NameCounter();
  let first: Manifest | undefined;
  let isComplete = true;
  for (let index = 0; index < count; index++) {
    const shard = { index, count };
    const name = partName(shard);
    tell(`checking ${name}`);
    const found = await checkPart(folder, shard, isBegun.has(index), first).catch((error: unknown) => ({
      name,
      error: toItemError(error),
    }));
    yield found;
    if ('error' in found) isComplete = false;
    else {
      first ??= found;
      counter.addAll(found.share);
    }
  }
  const all = counter.result();
  if (first === undefined || !isComplete || all.digest === first.input.digest) return;
  const said = `${all.count} ${first.unit}s, and ${first.input.count} were given`;
  yield {
    name: folder,
    error: new CocaError('bad-data', `${folder}: the parts are not those of what was given: ${said}`),
  };
}

/** How many shards there are, and of which there is anything. */
async function partsOf(folder: string): Promise<{ readonly count: number; readonly isBegun: ReadonlySet<number> }> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw fileError(folder, error);
  }
  const found = names.flatMap((name) => shardOfFile(name) ?? []);
  const counts = [...new Set(found.map(({ count }) => count))].sort((a, b) => a - b);
  if (counts.length === 0) {
    throw new CocaError(
      'not-found',
      `there are no parts in ${folder}`,
      'coca caption ... --shard I/N -o DIR writes them',
    );
  }
  if (counts.length > 1) {
    throw new CocaError(
      'bad-data',
      `${folder} has parts of several numbers of shards: ${counts.join(', ')}`,
      'move those of one number into a folder of their own',
    );
  }
  return { count: counts[0]!, isBegun: new Set(found.map(({ index }) => index)) };
}

/**
 * One part.
 * @param like what it must be made as
 * @throws CocaError `not-found`, `bad-data`, `unreadable`
 */
async function checkPart(
  folder: string,
  shard: Shard,
  isBegun: boolean,
  like: Manifest | undefined,
): Promise<Manifest> {
  const name = partName(shard);
  const again = `run --shard ${shard.index}/${shard.count} ${isBegun ? 'again, which goes on' : 'for it'}`;
  const manifest = await readManifest(manifestPath(folder, shard));
  if (manifest === undefined) {
    throw new CocaError('not-found', `${name} is ${isBegun ? 'not whole' : 'missing'}`, again);
  }
  const bad = (what: string) => new CocaError('bad-data', `${name}: ${what}`, `remove ${name}.*, and ${again}`);
  const [index, count] = manifest.shard;
  if (index !== shard.index || count !== shard.count) throw bad(`by its manifest it is part ${index} of ${count}`);
  for (const file of [manifest.part, ...(manifest.errors ? [manifest.errors] : [])]) {
    if (!file.name.startsWith(`${name}.`)) throw bad(`its manifest speaks of ${file.name}`);
    const { bytes, sha256 } = await describeFile(folder, file.name);
    if (bytes !== file.bytes) throw bad(`${file.name} has ${bytes} bytes, and was written with ${file.bytes}`);
    if (sha256 !== file.sha256) throw bad(`${file.name} is not as it was written (SHA-256)`);
  }
  if (like === undefined) return manifest;
  const differences = [
    ...(manifest.command === like.command ? [] : [`the command ${manifest.command} (others: ${like.command})`]),
    ...(manifest.input.digest === like.input.digest ? [] : ['the pictures that were given']),
    ...runDifferences(manifest, like),
  ];
  if (differences.length === 0) return manifest;
  const others = join(folder, like.part.name);
  throw bad(`it was made with other settings than ${others}: ${differences.join(', ')}`);
}
