import { isUtf8 } from 'node:buffer';
import { CocaError } from '../base/errors.js';
import { connectionError, shownUrl, TransientError } from './failures.js';
import { sender } from './proxy.js';
import { publicSender } from './public.js';

/** HTTP as this program does it: through the proxy that there is, in bounded time, to where it may lead. */

const MAX_REDIRECTS = 10;

/** How long to wait. */
export interface Patience {
  /** How long to wait for an answer to begin, in milliseconds. */
  readonly answerTimeoutMs: number;
  /** How long an answer may pause, in milliseconds. */
  readonly stallTimeoutMs: number;
}

export interface Request extends Patience {
  readonly start: URL;
  /** The headers for one address on the way: a secret is for the origin that may have it. */
  readonly headersFor: (url: URL) => Readonly<Record<string, string>>;
  /** The error for an answer that is neither a success nor a redirect. */
  readonly refusal: (response: Response, url: URL) => CocaError;
  readonly signal?: AbortSignal | undefined;
  /** Whether no step may lead into this machine's own network: see `publicSender`. */
  readonly isPublic?: boolean | undefined;
}

/** An answer whose head has come. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /**
   * The body in pieces.
   * @throws TransientError when it breaks off or pauses too long
   */
  readonly body: AsyncGenerator<Uint8Array, void>;
  /** Ends the request without reading the body. */
  readonly close: () => void;
}

/**
 * GETs an address, following redirects; none leads from https to http, to anything else than the web, or carries a password.
 * @throws TransientError for what may be tried again; what `refusal` gives; CocaError `network`, `interrupted`
 */
export async function get(request: Request): Promise<Answer> {
  const { start, headersFor, refusal, answerTimeoutMs, stallTimeoutMs, signal, isPublic } = request;
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const headers = { 'user-agent': 'coca-cli', ...headersFor(url) };
    const { response, controller } = await send(
      url,
      headers,
      answerTimeoutMs,
      signal,
      isPublic ? publicSender : sender,
    );
    const target = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (target !== null) {
      controller.abort();
      url = followed(url, target);
      continue;
    }
    if (!response.ok) {
      controller.abort();
      throw refusal(response, url);
    }
    return {
      status: response.status,
      headers: response.headers,
      body: readBody(response, url, controller, stallTimeoutMs, signal),
      close: () => controller.abort(),
    };
  }
  throw new CocaError('network', `${shownUrl(start)}: more than ${MAX_REDIRECTS} redirects`);
}

function followed(from: URL, location: string): URL {
  const target = utf8Header(location);
  if (!URL.canParse(target, from.href)) {
    throw new CocaError('network', `${shownUrl(from)} redirects to an address that is none`);
  }
  const to = new URL(target, from);
  requireSafe(from, to);
  return to;
}

/** A header's bytes arrive as Latin-1; servers write addresses in UTF-8, as browsers take them. */
function utf8Header(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** @throws CocaError `network` where a step leads from https to http, to no web address, or carries a password. */
export function requireSafe(from: URL, to: URL): void {
  const isWeb = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  if (isWeb && !to.username && !to.password) return;
  throw new CocaError('network', `${shownUrl(from)} leads to ${to.protocol}//${to.host}, which is not safe to follow`);
}

async function send(
  url: URL,
  headers: Record<string, string>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  senderFor: typeof sender,
): Promise<{ response: Response; controller: AbortController }> {
  const controller = new AbortController();
  const fetchIt = await senderFor(url);
  const { done, isOver } = abortsWith(controller, timeoutMs, signal);
  try {
    const response = await fetchIt(url, { redirect: 'manual', headers, signal: controller.signal });
    return { response, controller };
  } catch (error) {
    throw explain(error, url, signal, isOver() ? `no answer within ${timeoutMs / 1000} s` : undefined);
  } finally {
    done();
  }
}

async function* readBody(
  response: Response,
  url: URL,
  controller: AbortController,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      // Timed while it waits for the network alone: the reader of the bytes may be slow.
      const { done, isOver } = abortsWith(controller, timeoutMs, signal);
      let piece: Awaited<ReturnType<typeof reader.read>>;
      try {
        piece = await reader.read();
      } catch (error) {
        throw explain(error, url, signal, isOver() ? `no data for ${timeoutMs / 1000} s` : undefined);
      } finally {
        done();
      }
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    controller.abort();
  }
}

/** Aborts `controller` when the time is over or `signal` is aborted, until `done` is called. */
function abortsWith(controller: AbortController, timeoutMs: number, signal: AbortSignal | undefined) {
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, timeoutMs);
  const stop = () => controller.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  return {
    isOver: () => over,
    done: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    },
  };
}

function explain(error: unknown, url: URL, signal: AbortSignal | undefined, timeout: string | undefined): CocaError {
  if (signal?.aborted) return new CocaError('interrupted', 'interrupted');
  const refused = (error as Error).cause;
  if (refused instanceof CocaError) return refused;
  if (timeout !== undefined) {
    return new TransientError(`${shownUrl(url)}: ${timeout}`, 'check the network and try again', undefined, {
      cause: error,
    });
  }
  return connectionError(error, url);
}
