import type { CommandContext } from '../../cli/command.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { Dtype, FileFormat } from '../io/formats/format.js';
import type { ImageSources } from '../io/sources.js';

/** What a part is written as. */
export type PartFormat = 'jsonl' | 'parquet';

/** What the options of shards say. */
export interface ShardValues {
  readonly shard: string | undefined;
  readonly shards: number | undefined;
  readonly format?: PartFormat | undefined;
}

/** One of several equal shares of the pictures. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** How a command's results become a part. */
export interface PartOf<R> {
  /** The command that finds them. */
  readonly command: string;
  /** Every option of its own that shapes a result: those of the model and of pictures come beside them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What stands in the part: nothing that differs from run to run. */
  readonly objectOf: (result: R) => object;
  /** Formats of `--output` without `--shard` that need all results: the command itself writes any other. */
  readonly files?: readonly FileFormat[];
}

/** Where the pictures of a command come from, and where their results go. */
export interface Shared {
  readonly options: ShardValues & {
    readonly output?: string | undefined;
    readonly resume?: boolean;
    readonly dtype?: Dtype | undefined;
    readonly pixels: string;
    readonly frames?: number | undefined;
    readonly ablateOver?: string | undefined;
  };
  readonly sources: ImageSources;
  readonly coca: LoadedCoca;
  readonly context: CommandContext;
}
