import type { OptionSpecs } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { Finding } from '../io/define-results.js';
import { formatOfFile } from '../io/formats/format.js';
import { walkImages } from '../io/sources.js';
import type { PartOf, Shard, ShardValues, Shared } from './types.js';

/** Options of commands whose pictures can be shared out among processes. */
export const SHARD_OPTIONS = {
  shard: {
    type: 'text',
    kind: 'value',
    placeholder: 'I/N',
    group: 'Shards',
    description:
      'only share I of N of the pictures, I from 0, or auto, as a Slurm array or an indexed Kubernetes job says; -o DIR then is a folder of parts',
  },
  shards: {
    type: 'integer',
    min: 1,
    placeholder: 'N',
    group: 'Shards',
    description: 'how many shares there are, of which the number of the task or job is one',
  },
  format: {
    type: 'choice',
    choices: ['jsonl', 'parquet'],
    placeholder: 'FORMAT',
    otherwise: 'jsonl',
    group: 'Shards',
    description: 'what parts are written as',
  },
} as const satisfies OptionSpecs;

/** The same with `-o`, for commands that write a folder of parts and no other file. */
export const PARTS_OPTIONS = {
  ...SHARD_OPTIONS,
  output: {
    type: 'text',
    kind: 'folder',
    short: 'o',
    placeholder: 'DIR',
    group: 'Shards',
    description: 'with --shard: results into DIR/part-I-of-N.jsonl, whole or to be gone on with',
  },
} as const satisfies OptionSpecs;

/**
 * The share that the options mean. The environment says which one only where they ask for it.
 * @returns nothing where all pictures are meant
 * @throws CocaError `usage`
 */
export function shardOf({ shard, shards }: ShardValues, env: NodeJS.ProcessEnv = process.env): Shard | undefined {
  if (shard === undefined && shards === undefined) return undefined;
  if (shard === undefined || shard === 'auto') return shardOfEnvironment(shards, env);
  const { index, count } = /^(?<index>\d{1,9})\/(?<count>\d{1,9})$/.exec(shard)?.groups ?? {};
  if (index === undefined || count === undefined) {
    throw new CocaError('usage', `--shard ${shard} is no share`, 'the first of eight is --shard 0/8; or --shard auto');
  }
  if (shards !== undefined) {
    throw new CocaError('usage', `--shard ${shard} says how many shares there are`, 'leave out --shards');
  }
  return inRange(Number(index), Number(count), `--shard ${shard}`);
}

/**
 * The index of a Kubernetes job that has completions by index, or the number of a task in a Slurm array. With `--shards` it is the
 * number itself, so that some tasks of an array can be run again by themselves; without, Slurm says how many tasks there are,
 * and they are counted from the first.
 */
function shardOfEnvironment(shards: number | undefined, env: NodeJS.ProcessEnv): Shard {
  const number = (name: string): number | undefined => {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new CocaError('usage', `$${name} is ${JSON.stringify(text)}, and no number`);
  };
  const job = number('JOB_COMPLETION_INDEX');
  const task = number('SLURM_ARRAY_TASK_ID');
  const named = job !== undefined ? 'JOB_COMPLETION_INDEX' : 'SLURM_ARRAY_TASK_ID';
  const index = job ?? task;
  if (index === undefined) {
    throw new CocaError(
      'usage',
      'which share is meant is not said: neither $SLURM_ARRAY_TASK_ID nor $JOB_COMPLETION_INDEX is set',
      'say it: --shard 0/8',
    );
  }
  if (shards !== undefined) return inRange(index, shards, `$${named} is ${index} with --shards ${shards}, which`);
  const count = job === undefined ? number('SLURM_ARRAY_TASK_COUNT') : undefined;
  if (count === undefined) {
    throw new CocaError('usage', `$${named} does not say how many shares there are`, 'add --shards N');
  }
  const first = number('SLURM_ARRAY_TASK_MIN') ?? 0;
  const place = (index - first) / (number('SLURM_ARRAY_TASK_STEP') || 1);
  return inRange(place, count, `task ${index} of a Slurm array of ${count} tasks from ${first}`);
}

function inRange(index: number, count: number, said: string): Shard {
  if (count === 0) throw new CocaError('usage', `${said}: there is no share of none`, 'the only one of one is 0/1');
  if (Number.isInteger(index) && index >= 0 && index < count) return { index, count };
  throw new CocaError('usage', `${said} is out of range`, `the shares of ${count} are 0 to ${count - 1}`);
}

/** What the checks of `checkShard` are about. */
interface CheckedValues extends ShardValues {
  readonly output?: string | undefined;
  readonly json: boolean;
  readonly jsonl: boolean;
}

/**
 * Checks the options above against the others.
 * @param images the words that name pictures
 * @param hasFile whether the command has other files for `--output`
 * @throws CocaError `usage`
 */
export function checkShard(options: CheckedValues, images: readonly string[], hasFile = false): void {
  const shard = shardOf(options);
  if (options.format !== undefined && (shard === undefined || options.output === undefined)) {
    throw new CocaError(
      'usage',
      '--format is that of the parts of --shard',
      'add --shard I/N -o DIR; or -o NAME.parquet',
    );
  }
  if (shard === undefined) {
    if (options.output === undefined || hasFile) return;
    throw new CocaError('usage', '--output is the folder of the parts of --shard', 'add --shard 0/1, or > FILE');
  }
  if (images.includes('-')) {
    throw new CocaError('usage', 'a picture on stdin (-) has no name by which it could belong to a share');
  }
  if (options.output !== undefined && (options.json || options.jsonl)) {
    const name = options.json ? 'json' : 'jsonl';
    throw new CocaError('usage', `--${name} is for stdout, and the parts of --output are JSON lines`, `leave it out`);
  }
}

/**
 * Finds something of every picture that is named, or of those of a share: what is found goes into its part, where there is a
 * folder of parts, or into a file that needs all of it.
 * @param find as `eachPicture`: the results in the order of the names
 */
export async function* findOfNamed<R, P>(
  shared: Shared,
  part: PartOf<R>,
  find: (names: AsyncGenerator<string>, count: () => number | undefined) => AsyncIterable<Finding<R, P>>,
): AsyncGenerator<Finding<R, P>> {
  const shard = shardOf(shared.options);
  if (shard !== undefined) {
    const { findOfShare } = await import('./shared.js');
    yield* findOfShare(shard, shared, part, find);
    return;
  }
  const { options, sources, context } = shared;
  const walk = walkImages(sources, context.stdin);
  const { output, resume = false, dtype } = options;
  const format = output === undefined ? undefined : formatOfFile(output);
  if (output !== undefined && format !== undefined && part.files?.includes(format)) {
    const [{ findIntoFile }, { recordOf }] = await Promise.all([
      import('../io/formats/into-file.js'),
      import('./record.js'),
    ]);
    const record = await recordOf(shared, part);
    yield* findIntoFile({ output, resume, dtype }, record, walk, part.objectOf, context, find);
    return;
  }
  yield { kind: 'ready', count: walk.count };
  yield* find(walk.names, walk.count);
}
