import type { Finding } from '../io/define-results.js';
import { Part } from './part.js';
import { recordOf } from './record.js';
import { takeShare } from './share.js';
import type { PartOf, Shard, Shared } from './types.js';

/**
 * `findOfNamed` for one share. Results and failures call a picture by its key.
 * @throws CocaError as `takeShare` and `Part.open` do
 */
export async function* findOfShare<R, P>(
  shard: Shard,
  shared: Shared,
  part: PartOf<R>,
  find: (names: AsyncGenerator<string>, count: () => number | undefined) => AsyncIterable<Finding<R, P>>,
): AsyncGenerator<Finding<R, P>> {
  const { options, sources, coca, context } = shared;
  context.status.show('going through the names of all pictures');
  const share = await takeShare(sources, shard, context.stdin);
  context.status.clear();
  const count = () => share.pictures.length;
  if (options.output === undefined) {
    yield { kind: 'ready', count };
    yield* find(namesOf(share.pictures), count);
    return;
  }
  const written = await Part.open(options.output, shard, share, {
    ...(await recordOf(shared, part)),
    command: part.command,
    device: coca.device,
    format: options.format ?? 'jsonl',
  });
  try {
    yield* written.earlier();
    yield { kind: 'ready', count };
    yield* written.keep(find(written.names(), count), part.objectOf);
  } finally {
    await written.close();
  }
  yield* written.summary();
}

async function* namesOf(pictures: readonly { readonly name: string }[]): AsyncGenerator<string> {
  for (const { name } of pictures) yield name;
}
