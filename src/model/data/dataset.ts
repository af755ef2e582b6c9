import type { CocaError } from '../base/errors.js';
import type { TarIndex } from './formats/tar.js';
import type { Locator } from './sample.js';

/** A part of a data set whose samples can be had in any order: a shard, or all of a file. */
export interface DatasetUnit {
  readonly size: number;
  /** @param index below `size` */
  locate(index: number): Locator;
  /** Something that is wrong with the unit as a whole, and does not keep its samples from being read. */
  readonly problem?: CocaError;
}

/** How a shard is indexed: here, or in another thread. */
export type IndexShard = (path: string) => Promise<TarIndex>;

/**
 * Samples by number, without their being held: of files that list samples the places of the rows are known, shards are
 * opened when their turn comes.
 */
export interface Dataset {
  /** What results and messages call it. */
  readonly name: string;
  /** How many samples, where that is known without opening every shard. */
  readonly size: number | undefined;
  readonly units: number;
  /** How many units are shuffled together: the more, the better mixed, and the more is open at once. */
  readonly mix: number;
  /** False where the order is random already. */
  readonly shuffled: boolean;
  /** @throws CocaError for a unit that cannot be opened at all */
  openUnit(unit: number, indexShard: IndexShard): Promise<DatasetUnit>;
}
