import { collect } from '../base/collect.js';
import { CocaError } from '../base/errors.js';
import { shownUrl } from '../net/failures.js';
import { inTime } from '../net/in-time.js';
import { type Answer, get, requireSafe } from '../net/transport.js';
import type { HubAccess } from './environment.js';
import { statusError } from './failures.js';

/** HTTP with the hub: offline where that is wanted, with the token where that may go. */

/** Answers of the hub's API are lists of files, which are never larger. */
const MAX_JSON_BYTES = 16 * 2 ** 20;

/** A list of ten thousand files has ten pages. */
const MAX_ANSWERS = 100;

/** How many times the longest pause a short answer may take in all: one that trickles never pauses. */
const MAX_PAUSES = 4;

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * GETs `start` as `get` does. The token goes to the endpoint's own origin and nowhere else, and over plain http only within
 * this machine.
 * @throws as `get`; CocaError `denied`, `not-found`, and `network` where the hub is not to be reached
 */
export async function request(start: URL, access: HubAccess, options: RequestOptions = {}): Promise<Answer> {
  if (access.isOffline) {
    throw new CocaError('network', 'HF_HUB_OFFLINE is set, so nothing is fetched', 'unset it to reach the hub');
  }
  const hub = new URL(access.endpoint);
  requireSafe(hub, start);
  const tokenFor = (url: URL) => (mayHaveToken(url, hub) ? access.token : undefined);
  return get({
    start,
    answerTimeoutMs: access.answerTimeoutMs,
    stallTimeoutMs: access.stallTimeoutMs,
    signal: options.signal,
    headersFor(url) {
      const token = tokenFor(url);
      return { ...options.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    },
    refusal: (response, url) => statusError(response, url, tokenFor(url) ? 'sent' : access.token ? 'withheld' : 'none'),
  });
}

/**
 * `fetch` over `request` for short answers, as the hub's client library takes one. Only the endpoint itself
 * is asked, wherever a page of a list says that the next one is, and not without end.
 * @throws CocaError `network` for another server or an answer without end; as `request`
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
    const endless = () => new CocaError('network', `${shownUrl(url)}: an answer without end`);
    const body = await collect(inTime(answer.body, MAX_PAUSES * access.stallTimeoutMs, endless), {
      limit: MAX_JSON_BYTES,
      tooLarge: endless,
    });
    return new Response(body, { status: answer.status, headers: answer.headers });
  };
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function mayHaveToken(url: URL, hub: URL): boolean {
  return url.origin === hub.origin && (url.protocol === 'https:' || LOOPBACK.test(url.hostname));
}
