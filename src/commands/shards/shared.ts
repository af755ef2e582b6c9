import type { Finding } from '../io/define-results.js';
import { runRecord } from '../io/run-record.js';
import { Part } from './part.js';
import { takeShare } from './share.js';
import type { PartOf, Shard, Shared } from './types.js';

/**
 * `findOfNamed` for one share. Results and failures call a picture by its key.
 * @throws CocaError as `takeShare` and `Part.open` do
 */
export async function* findOfShare<R, P>(
  shard: Shard,
  { options, sources, coca, context }: Shared,
  { command, options: shaping, objectOf }: PartOf<R>,
  find: (names: AsyncGenerator<string>, count: () => number | undefined) => AsyncIterable<Finding<R, P>>,
): AsyncGenerator<Finding<R, P>> {
  context.status.show('going through the names of all pictures');
  const share = await takeShare(sources, shard, context.stdin);
  context.status.clear();
  const count = () => share.pictures.length;
  if (options.output === undefined) {
    yield { kind: 'ready', count };
    yield* find(namesOf(share.pictures), count);
    return;
  }
  const record = await runRecord(coca, { command, pixels: options.pixels, ...shaping });
  const part = await Part.open(options.output, shard, share, {
    ...record,
    command,
    device: coca.device,
    format: options.format ?? 'jsonl',
  });
  try {
    yield* part.earlier();
    yield { kind: 'ready', count };
    yield* part.keep(find(part.names(), count), objectOf);
  } finally {
    await part.close();
  }
  yield* part.summary();
}

async function* namesOf(pictures: readonly { readonly name: string }[]): AsyncGenerator<string> {
  for (const { name } of pictures) yield name;
}
