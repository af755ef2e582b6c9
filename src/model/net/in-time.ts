/**
 * A body that may take so long in all: one that trickles never pauses.
 * @throws what `late` gives, once it has taken longer
 */
export async function* inTime(
  body: AsyncIterable<Uint8Array>,
  longestMs: number,
  late: () => Error,
): AsyncGenerator<Uint8Array> {
  const end = performance.now() + longestMs;
  for await (const piece of body) {
    if (performance.now() > end) throw late();
    yield piece;
  }
}
