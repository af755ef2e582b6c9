import { CocaError } from '../model/errors.js';
import { MAX_INPUT_BYTES, tooLarge } from './files.js';

const TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;

/** Whether an image argument is fetched rather than opened. */
export function isUrl(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

/**
 * Fetches a picture's bytes.
 * @throws CocaError `network` (status, redirects, time), `not-found` (404), `unreadable` (more than `limit` bytes).
 */
export async function download(
  url: string,
  options: { readonly signal?: AbortSignal; readonly limit?: number; readonly timeoutMs?: number } = {},
): Promise<Buffer> {
  const { limit = MAX_INPUT_BYTES, timeoutMs = TIMEOUT_MS } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    const response = await follow(url, signal);
    const announced = Number(response.headers.get('content-length') ?? 0);
    if (announced > limit) {
      await response.body?.cancel();
      throw tooLarge(url, limit);
    }
    return await readBody(url, response, limit);
  } catch (error) {
    if (error instanceof CocaError) throw error;
    if (timeout.aborted) throw new CocaError('network', `no answer from ${url} within ${timeoutMs / 1000} s`);
    throw new CocaError('network', `cannot fetch ${url}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

async function follow(start: string, signal: AbortSignal): Promise<Response> {
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'image/*' } });
    const target = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (target === null) {
      if (response.ok) return response;
      await response.body?.cancel();
      const code = response.status === 404 || response.status === 410 ? 'not-found' : 'network';
      throw new CocaError(code, `cannot fetch ${start}: ${response.status} ${response.statusText}`.trimEnd());
    }
    await response.body?.cancel();
    const next = new URL(target, url);
    if (!isUrl(next.href) || (url.startsWith('https:') && next.protocol !== 'https:')) {
      throw new CocaError('network', `cannot fetch ${start}: it redirects to the unsafe ${next.href}`);
    }
    url = next.href;
  }
  throw new CocaError('network', `cannot fetch ${start}: more than ${MAX_REDIRECTS} redirects`);
}

async function readBody(url: string, response: Response, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.length;
    if (total > limit) throw tooLarge(url, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

/** fetch says only "fetch failed"; why is in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
}
