import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CommandContext } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { hasEntry } from '../../../model/base/folders.js';
import type { Finding } from '../define-results.js';
import type { RunRecord } from '../run-record.js';
import { type ImageWalk, readImage } from '../sources.js';
import { type Dtype, formatOfFile, isNumbered } from './format.js';
import { errorsPath, GatheredResults, removeGathered } from './gathered.js';
import { metadataOfMatrix } from './npy-file.js';

/** A file of results whose format needs all of them. */
export interface WholeFile {
  readonly output: string;
  readonly resume: boolean;
  readonly dtype?: Dtype | undefined;
}

/** Where results are gathered until all are there. */
const gatheredPath = (target: string): string => `${target}.partial.jsonl`;

/**
 * Checks that nothing is there that would be replaced.
 * @throws CocaError `usage` naming it; `not-found` without its folder
 */
export async function requireNewFiles(target: string): Promise<void> {
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => {
    throw new CocaError('not-found', `${target}: there is no such folder`, 'make it first');
  });
  const format = formatOfFile(target);
  const taken =
    format === 'tar'
      ? names.map((name) => join(folder, name)).filter((name) => isNumbered(name, join(target)))
      : [target, ...(format === 'npy' ? [metadataOfMatrix(target)] : [])];
  for (const path of [...taken, errorsPath(target)]) {
    if (await hasEntry(path)) throw new CocaError('usage', `${path} is there already`, 'choose another file');
  }
}

/**
 * Finds out whether a file could be written, before a model is loaded; makes nothing. Where a run was killed as it wrote its files, they are
 * written again.
 * @throws CocaError `usage` where it is there, or begun and not to be gone on with; `not-found` without its folder
 */
export async function checkWholeFile({ output, resume }: WholeFile): Promise<void> {
  const begun = await stat(gatheredPath(output)).catch(() => undefined);
  if (begun === undefined) await requireNewFiles(output);
  else if (begun.size > 0 && !resume) {
    throw new CocaError('usage', `${output} is begun already`, '--resume goes on with it; or choose another file');
  }
}

/**
 * Finds something of every picture and writes it into a file once all is there.
 * @param find the results in the order of the names
 * @throws CocaError as `GatheredResults.open` and `writeRows`
 */
export async function* findIntoFile<R, P>(
  file: WholeFile,
  record: RunRecord,
  { names, count }: ImageWalk,
  objectOf: (result: R) => object,
  context: CommandContext,
  find: (names: AsyncGenerator<string>, count: () => number | undefined) => AsyncIterable<Finding<R, P>>,
): AsyncGenerator<Finding<R, P>> {
  const { output, resume, dtype } = file;
  const gathered = await GatheredResults.open(gatheredPath(output), record, resume);
  try {
    const { done, failed } = gathered.earlier;
    if (done + failed > 0) yield { kind: 'answered', done, failed };
    yield { kind: 'ready', count };
    yield* gathered.keep(find(gathered.names(asInputs(names)), count), objectOf);
    context.status.show(`writing ${output}`);
    const pictureOf = async (name: string): Promise<Buffer> => {
      const input = await readImage(name, context);
      if ('error' in input) throw input.error;
      return input.bytes;
    };
    const counts = await gathered.writeInto(output, { isHalf: dtype === 'fp16', pictureOf });
    await removeGathered(gatheredPath(output));
    context.status.clear();
    const lost = counts.failed === 0 ? '' : `, ${counts.failed} failed: ${errorsPath(output)}`;
    yield { kind: 'notice', text: `${output}: ${counts.results} of ${counts.results + counts.failed}${lost}` };
  } finally {
    await gathered.close();
  }
}

/** Here a picture is called as it is opened. */
async function* asInputs(
  names: AsyncIterable<string>,
): AsyncGenerator<{ readonly name: string; readonly key: string }> {
  for await (const name of names) yield { name, key: name };
}
