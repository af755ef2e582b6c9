import type { CommandContext, OptionSpecs } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { visible } from '../../ui/text.js';
import type { Finding } from '../io/define-results.js';
import { errorLine } from '../io/sources.js';
import type { Arrivals } from './arrivals.js';

/** Option of commands that go on with a folder's pictures as they come. */
export const WATCH_FOLDER_OPTION = {
  watchFolder: {
    type: 'text',
    kind: 'folder',
    placeholder: 'DIR',
    description:
      'the pictures in DIR, and each that comes, until Ctrl-C; with --recursive also in the folders below it',
  },
} as const satisfies OptionSpecs;

/**
 * Checks the option above against the others.
 * @param images the words that name pictures
 * @throws CocaError `usage`
 */
export function checkWatchFolder(
  options: {
    readonly watchFolder: string | undefined;
    readonly files: readonly string[];
    readonly files0: readonly string[];
    readonly json: boolean;
    readonly batch: number;
    readonly shard: string | undefined;
    readonly shards: number | undefined;
  },
  images: readonly string[],
): void {
  if (options.watchFolder === undefined) return;
  if (images.length + options.files.length + options.files0.length > 0) {
    throw new CocaError('usage', '--watch-folder takes what is in its folder, and no other pictures', 'run both');
  }
  if (options.shard !== undefined || options.shards !== undefined) {
    throw new CocaError(
      'usage',
      '--watch-folder never knows all its pictures, of which there are no shares',
      'run one',
    );
  }
  if (options.json) throw new CocaError('usage', '--json is an array, which would never end', 'use --jsonl');
  if (options.batch !== 1) {
    throw new CocaError('usage', '--watch-folder waits for no batch to be full', 'leave out --batch');
  }
}

/** @throws CocaError `not-found`, `usage` for what is no folder */
export async function openArrivals(folder: string, recursive: boolean, context: CommandContext): Promise<Arrivals> {
  const { Arrivals, requireFolder } = await import('./arrivals.js');
  await requireFolder(folder);
  return new Arrivals(folder, {
    recursive,
    signal: context.signal,
    onWatching: () => context.notice(`watching ${visible(folder)}: Ctrl-C ends it`),
    onProblem: (error) => context.complain(errorLine(folder, error)),
  });
}

/** Findings without the failures of files that were removed or written anew meanwhile. */
export async function* withoutOutdated<R, P>(
  findings: AsyncIterable<Finding<R, P>>,
  arrivals: Pick<Arrivals, 'isOutdated'>,
): AsyncGenerator<Finding<R, P>> {
  for await (const finding of findings) {
    if (finding.kind !== 'failure' || !(await arrivals.isOutdated(finding.name))) yield finding;
  }
}
