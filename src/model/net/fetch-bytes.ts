import { type CollectOptions, collect } from '../base/collect.js';
import { CocaError } from '../base/errors.js';
import { authorizationFor } from './address.js';
import { answerError, shownUrl } from './failures.js';
import { inTime } from './in-time.js';
import { type RetryPolicy, withRetries } from './retry.js';
import { get, type Patience } from './transport.js';

const PATIENCE: Patience = { answerTimeoutMs: 30_000, stallTimeoutMs: 30_000 };
/** One that trickles never pauses. */
const LONGEST_MS = 300_000;
/** In a list of pictures the next one waits. */
const RETRIES: RetryPolicy = { tries: 3, firstDelayMs: 500, longestDelayMs: 30_000 };

export interface FetchOptions extends CollectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly patience?: Patience;
  readonly retries?: RetryPolicy;
  /** The most that one try may take in all, in milliseconds. */
  readonly longestMs?: number;
  /** Whether nothing in this machine's own network may be asked, wherever redirects lead: see `publicSender`. */
  readonly isPublic?: boolean;
}

/**
 * The bytes at a web address (as `publicName` calls it), by the same transport as models. The user that it was named with is
 * told to its own origin alone, wherever it redirects to.
 * @throws CocaError `usage` for no address, `denied` (401, 403), `not-found` (404, 410), `network`, `interrupted`; what
 *   `tooLarge` and `look` give
 */
export async function fetchBytes(name: string, options: FetchOptions): Promise<Buffer> {
  if (!URL.canParse(name)) throw new CocaError('usage', `${name} is no web address`);
  const tries = withRetries(() => fetchOnce(name, options), options.retries ?? RETRIES, options.signal);
  for (;;) {
    const { done, value } = await tries.next();
    if (done) return value;
  }
}

async function fetchOnce(name: string, options: FetchOptions): Promise<Buffer> {
  const start = new URL(name);
  const authorization = authorizationFor(name);
  const { headers, body, close } = await get({
    ...(options.patience ?? PATIENCE),
    start,
    signal: options.signal,
    isPublic: options.isPublic,
    headersFor: (url) => ({
      accept: 'image/*',
      // What a server compresses can grow past the length that it told.
      'accept-encoding': 'identity',
      ...(authorization !== undefined && url.origin === start.origin && { authorization }),
    }),
    refusal: answerError,
  });
  try {
    if (Number(headers.get('content-length') ?? 0) > options.limit) throw options.tooLarge();
    const longestMs = options.longestMs ?? LONGEST_MS;
    const late = () => new CocaError('network', `${shownUrl(start)}: not all there after ${longestMs / 1000} s`);
    return await collect(inTime(body, longestMs, late), options);
  } finally {
    close();
  }
}
