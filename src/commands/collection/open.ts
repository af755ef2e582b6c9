import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { lockOwner, ownerText } from '../../model/base/processes/folder-lock.js';
import { Collection } from '../../model/collection/collection.js';
import { loadLance } from '../../model/collection/lancedb.js';
import { LOCK_FILE, makerOf } from '../../model/collection/manifest.js';
import { defaultPlace, findPlace, realFolder } from '../../model/collection/place.js';
import type { Pixels } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { visible } from '../../ui/text.js';
import type { Finding } from '../io/define-results.js';
import { INDEX_BATCH } from './options.js';
import { updateIndex } from './update.js';

/** An index that is open, and the folder that was asked for. */
export interface OpenIndex {
  readonly collection: Collection;
  /** That folder below the root of the index: empty, or with a slash at its end. */
  readonly below: string;
  /** How a picture of the index is called. */
  readonly nameOf: (path: string) => string;
}

/** How a picture in a folder that was named is called. */
export const namedIn =
  (folder: string, below = '') =>
  (path: string): string =>
    `${folder.replace(/(?<=.)\/+$/, '').replace(/^\/$/, '')}/${path.slice(below.length)}`;

/**
 * Works with the index of a folder, and closes it. Where it has none, or one that was never finished, or with `update`, that is seen to first:
 * failures of pictures come before what is found. One that another process is making is read as far as it is.
 * @param folder as it was named
 * @param index where it lies, if not in the cache
 * @throws CocaError as `updateIndex` and `work`; `not-found` for a folder without pictures
 */
export async function* withIndex<R>(
  folder: string,
  { index, update, pixels }: { readonly index: string | undefined; readonly update: boolean; readonly pixels: Pixels },
  coca: LoadedCoca,
  context: CommandContext,
  work: (index: OpenIndex) => AsyncGenerator<Finding<R>>,
): AsyncGenerator<Finding<R>> {
  loadLance();
  const root = await realFolder(folder);
  const maker = await makerOf(coca, pixels);
  let place = await findPlace(root, maker, index);
  const owner = place && (await lockOwner(place.folder, LOCK_FILE));
  if (owner) {
    context.notice(
      `${ownerText(owner)} is indexing ${visible(place!.manifest.root)}: what it has not come to is not found`,
    );
  } else if (update || !place?.manifest.isComplete) {
    if (!place)
      context.notice(`${visible(folder)} has no index yet; it is made now (coca index brings it up to date later)`);
    const at = place?.folder ?? index ?? defaultPlace(root, maker);
    const nameOf = place ? namedIn(place.manifest.root) : namedIn(folder);
    const wanted = { root: place?.manifest.root ?? root, maker, captions: false };
    for await (const event of updateIndex(at, wanted, coca, context, { nameOf, batch: INDEX_BATCH, ann: false })) {
      if (event.kind === 'failure') yield event;
    }
    place = await findPlace(root, maker, index);
  }
  const { folder: at, manifest, below } = place!;
  const collection = await Collection.open(at, manifest);
  try {
    if ((await collection.count({ below })) === 0 && !owner) {
      throw new CocaError('not-found', `there are no pictures in ${folder}`, 'coca index brings an index up to date');
    }
    yield* work({ collection, below, nameOf: namedIn(folder, below) });
  } finally {
    context.status.clear();
    collection.close();
  }
}
