import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../../model/base/errors.js';
import { makeFolder } from '../../model/base/folders.js';
import { fileError } from '../../model/base/regular-file.js';
import { orWriteFailed } from '../../model/base/whole-file.js';
import type { Finding } from '../io/define-results.js';
import { errorsPath, GatheredResults, removeGathered } from '../io/formats/gathered.js';
import { type RunRecord, runDifferences } from '../io/run-record.js';
import {
  describeFile,
  type Manifest,
  manifestPath,
  partName,
  readManifest,
  shardOfFile,
  writeManifest,
} from './manifest.js';
import type { Share } from './share.js';
import type { PartFormat, Shard } from './types.js';

/** What made a part. */
export interface PartRecord extends RunRecord {
  readonly command: string;
  readonly device: string;
  readonly format: PartFormat;
}

/**
 * The results of one share, in a folder that the other shares write into, too. They are gathered in a file that a killed run can go on with; once
 * all are there, that becomes the part, its errors, and last a manifest, each whole or not at all.
 */
export class Part {
  private constructor(
    private readonly folder: string,
    private readonly shard: Shard,
    private readonly share: Share,
    private readonly record: PartRecord,
    /** Not there where the part is whole already. */
    private readonly gathered: GatheredResults | undefined,
    private manifest: Manifest | undefined,
  ) {}

  /**
   * @throws CocaError `usage` where the folder has parts of another number of shards, or this part of other pictures, another model or other
   *   options; `write-failed`, `unreadable`
   */
  static async open(folder: string, shard: Shard, share: Share, record: PartRecord): Promise<Part> {
    await orWriteFailed(folder, makeFolder(folder));
    await requireSameCount(folder, shard);
    const manifest = await wholePart(folder, shard);
    if (manifest !== undefined) {
      requireSamePart(manifestPath(folder, shard), manifest, record, share);
      await removeGathered(gatheredPath(folder, shard));
      return new Part(folder, shard, share, record, undefined, manifest);
    }
    const { coca, model, options } = record;
    const run: RunRecord = { coca, model, options: { ...options, shard: partName(shard), pictures: share.input } };
    const gathered = await GatheredResults.open(gatheredPath(folder, shard), run, true);
    return new Part(folder, shard, share, record, gathered, undefined);
  }

  /** What earlier runs have answered counts as if this one had. */
  *earlier(): Generator<Finding<never>> {
    const whole = this.manifest && { done: this.manifest.results, failed: this.manifest.failed };
    const before = whole ?? this.gathered!.earlier;
    if (before.done + before.failed > 0) yield { kind: 'answered', ...before };
  }

  /** The names of the pictures that have no answer yet. */
  names(): AsyncGenerator<string> {
    return this.gathered?.names(this.share.pictures) ?? nothing();
  }

  /** Passes findings on, keeps them, and ends the part once all are there. */
  async *keep<R, P>(
    findings: AsyncIterable<Finding<R, P>>,
    objectOf: (result: R) => object,
  ): AsyncGenerator<Finding<R, P>> {
    if (this.gathered === undefined) {
      yield* findings;
      return;
    }
    yield* this.gathered.keep(findings, objectOf);
    await this.#end(this.gathered);
  }

  /** What a person would miss otherwise. */
  *summary(): Generator<Finding<never>> {
    const { part, results, failed, errors } = this.manifest!;
    const lost = errors === undefined ? '' : `, ${failed} failed: ${join(this.folder, errors.name)}`;
    const text = `${join(this.folder, part.name)}: ${results} of ${results + failed}${lost}`;
    yield { kind: 'notice', text: this.gathered === undefined ? `${text}; it was whole already` : text };
  }

  async close(): Promise<void> {
    await this.gathered?.close();
  }

  async #end(gathered: GatheredResults): Promise<void> {
    const name = partName(this.shard);
    const target = `${name}.${this.record.format}`;
    const { results, failed } = await gathered.writeInto(join(this.folder, target), { isHalf: false });
    const { index, count } = this.shard;
    const { format: _, ...record } = this.record;
    const manifest: Manifest = {
      version: 1,
      ...record,
      shard: [index, count],
      unit: this.share.unit,
      input: this.share.input,
      share: this.share.own,
      results,
      failed,
      part: await describeFile(this.folder, target),
      ...(failed > 0 && { errors: await describeFile(this.folder, errorsPath(target)) }),
    };
    await writeManifest(manifestPath(this.folder, this.shard), manifest);
    this.manifest = manifest;
    await removeGathered(gatheredPath(this.folder, this.shard));
  }
}

async function* nothing(): AsyncGenerator<string> {
  // A part that is whole needs no picture.
}

/** Where results are gathered until all are there. */
const gatheredPath = (folder: string, shard: Shard): string => join(folder, `${partName(shard)}.partial.jsonl`);

/** @throws CocaError `usage` where parts of another number of shards are in the folder: they could not be merged */
async function requireSameCount(folder: string, { count }: Shard): Promise<void> {
  const names = await orWriteFailed(folder, readdir(folder));
  const other = names.find((name) => (shardOfFile(name)?.count ?? count) !== count);
  if (other === undefined) return;
  throw new CocaError(
    'usage',
    `${folder} has ${other}, which is of another number of shards than ${count}`,
    'choose another folder, or give as many shards as it has (an array of tasks that is run again in part: --shards N)',
  );
}

/** The manifest of a part that is there, with its files; nothing where there is something to do. */
async function wholePart(folder: string, shard: Shard): Promise<Manifest | undefined> {
  const manifest = await readManifest(manifestPath(folder, shard));
  if (manifest === undefined) return undefined;
  for (const { name, bytes } of [manifest.part, ...(manifest.errors ? [manifest.errors] : [])]) {
    const path = join(folder, name);
    const found = await stat(path).catch((error: unknown) => {
      throw fileError(path, error);
    });
    if (found.size !== bytes) {
      const path = manifestPath(folder, shard);
      throw new CocaError('bad-data', `${join(folder, name)} is not as it was written`, `remove ${path} to begin anew`);
    }
  }
  return manifest;
}

/** @throws CocaError `usage` naming what differs */
function requireSamePart(path: string, earlier: Manifest, record: PartRecord, share: Share): void {
  const differences = [
    ...(earlier.input.digest === share.input.digest ? [] : ['the pictures']),
    ...(earlier.part.name.endsWith(`.${record.format}`) ? [] : ['--format']),
    ...runDifferences(earlier, record),
  ];
  if (differences.length === 0) return;
  throw new CocaError(
    'usage',
    `the part of ${path} was made with other settings: ${differences.join(', ')}`,
    'give the same pictures, model and options, or another folder',
  );
}
