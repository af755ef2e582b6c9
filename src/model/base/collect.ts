import type { CocaError } from './errors.js';

/** How much of a stream is taken, and what it must begin like. */
export interface CollectOptions {
  /** The most bytes; `tooLarge` is the error for more. */
  readonly limit: number;
  readonly tooLarge: () => CocaError;
  /** Is shown the first `bytes` (of a shorter stream, all) before the rest is waited for, and may throw. */
  readonly look?: { readonly bytes: number; readonly check: (start: Uint8Array) => void } | undefined;
}

/**
 * A stream's bytes, all of them.
 * @throws what the stream, `tooLarge` and `look` give
 */
export async function collect(
  stream: AsyncIterable<Uint8Array>,
  { limit, tooLarge, look }: CollectOptions,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  let isLookedAt = look === undefined;
  const lookAt = () => {
    isLookedAt = true;
    look?.check(Buffer.concat(chunks).subarray(0, look.bytes));
  };
  for await (const chunk of stream) {
    total += chunk.length;
    if (total > limit) throw tooLarge();
    chunks.push(chunk);
    if (!isLookedAt && total >= look!.bytes) lookAt();
  }
  if (!isLookedAt) lookAt();
  return Buffer.concat(chunks, total);
}
