import { CocaError } from '../errors.js';
import type { HubAccess } from './environment.js';
import { connectionError, shownUrl, statusError, TransientError } from './failures.js';
import { sender } from './proxy.js';

/** HTTP as downloads from the hub need it: what is asked for comes from where it may come from, in bounded time. */

const MAX_REDIRECTS = 10;

/** Answers of the hub's API are lists of files: anything larger is none. */
const MAX_JSON_BYTES = 16 * 2 ** 20;

/** A list of ten thousand files has ten pages. */
const MAX_ANSWERS = 100;

/** How many times the longest pause a short answer may take in all: one that trickles never pauses. */
const MAX_PAUSES = 4;

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose head has come. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body in pieces. Throws TransientError when it breaks off or pauses too long. */
  readonly body: AsyncGenerator<Uint8Array, void>;
  /** Ends the request without reading the body. */
  readonly close: () => void;
}

/**
 * GETs `start`, following redirects. The token goes to the endpoint's own origin and nowhere else, and over plain http
 * only within this machine; nothing leads from https to http.
 * @throws TransientError for what may be tried again; CocaError `denied`, `not-found`, `network`, `interrupted`
 */
export async function request(start: URL, access: HubAccess, options: RequestOptions = {}): Promise<Answer> {
  if (access.isOffline) {
    throw new CocaError('network', 'HF_HUB_OFFLINE is set, so nothing is fetched', 'unset it to reach the hub');
  }
  const hub = new URL(access.endpoint);
  requireSafe(hub, start);
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const token = mayHaveToken(url, hub) ? access.token : undefined;
    const headers = {
      'user-agent': 'coca-cli',
      ...options.headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const { response, controller } = await send(url, headers, access.answerTimeoutMs, options.signal);
    const target = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (target !== null) {
      controller.abort();
      url = followed(url, target);
      continue;
    }
    if (!response.ok) {
      controller.abort();
      throw statusError(response, url, token ? 'sent' : access.token ? 'withheld' : 'none');
    }
    return {
      status: response.status,
      headers: response.headers,
      body: readBody(response, url, controller, access.stallTimeoutMs, options.signal),
      close: () => controller.abort(),
    };
  }
  throw new CocaError('network', `${shownUrl(start)}: more than ${MAX_REDIRECTS} redirects`);
}

/**
 * `fetch` over `request` for short answers, as the hub's client library takes one. Errors are those of `request`. Only
 * the endpoint itself is asked, wherever a page of a list says that the next one is, and not without end.
 */
export function fetchOver(access: HubAccess, signal: AbortSignal | undefined): typeof fetch {
  let answers = 0;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== new URL(access.endpoint).origin) {
      throw new CocaError('network', `${access.endpoint} sends for its list to ${url.origin}, which is not followed`);
    }
    answers++;
    if (answers > MAX_ANSWERS) throw new CocaError('network', `${shownUrl(url)}: a list without end`);
    const headers = Object.fromEntries(new Headers(init?.headers));
    const answer = await request(url, access, { headers, signal });
    const chunks: Uint8Array[] = [];
    let total = 0;
    const begun = performance.now();
    for await (const chunk of answer.body) {
      total += chunk.length;
      const isLate = performance.now() - begun > MAX_PAUSES * access.stallTimeoutMs;
      if (total > MAX_JSON_BYTES || isLate) throw new CocaError('network', `${shownUrl(url)}: an answer without end`);
      chunks.push(chunk);
    }
    return new Response(Buffer.concat(chunks), { status: answer.status, headers: answer.headers });
  };
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function mayHaveToken(url: URL, hub: URL): boolean {
  return url.origin === hub.origin && (url.protocol === 'https:' || LOOPBACK.test(url.hostname));
}

function followed(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) {
    throw new CocaError('network', `${shownUrl(from)} redirects to an address that is none`);
  }
  const to = new URL(location, from);
  requireSafe(from, to);
  return to;
}

/** @throws CocaError `network` where a step leads from https to http, to no web address, or carries a password. */
function requireSafe(from: URL, to: URL): void {
  const isWeb = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  if (isWeb && !to.username && !to.password) return;
  throw new CocaError('network', `${shownUrl(from)} leads to ${to.protocol}//${to.host}, which is not safe to follow`);
}

async function send(
  url: URL,
  headers: Record<string, string>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<{ response: Response; controller: AbortController }> {
  const controller = new AbortController();
  const fetchIt = await sender(url);
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
      // Timed while it waits for the network alone: whoever takes the bytes may be slow.
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
  if (timeout !== undefined) {
    return new TransientError(`${shownUrl(url)}: ${timeout}`, 'check the network and try again', undefined, {
      cause: error,
    });
  }
  return connectionError(error, url);
}
