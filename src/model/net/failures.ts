import { CocaError } from '../base/errors.js';
import { proxyHost } from './proxy.js';

/** A failure that may be gone in a moment, so that it is worth another try. */
export class TransientError extends CocaError {
  constructor(
    message: string,
    hint?: string,
    /** How long the server asks to wait, in milliseconds. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super('network', message, hint, options);
  }
}

const RETRIED_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/** An address as a message may repeat it: without the signatures that a query holds. */
export function shownUrl(url: URL): string {
  return url.origin + url.pathname;
}

/**
 * The error for an answer that is no success, in the words for any server.
 * @param patience what to do about being asked too much, where something is known
 */
export function answerError(response: Response, url: URL, patience = 'wait a while'): CocaError {
  const { status } = response;
  const where = shownUrl(url);
  if (status === 401 || status === 403) return new CocaError('denied', `${where}: the server refuses it (${status})`);
  if (status === 404 || status === 410) {
    return new CocaError('not-found', `${where}: not found (${status})`, 'check the name');
  }
  if (!RETRIED_STATUS.has(status)) return new CocaError('network', `${where}: the server answered ${status}`);
  const after = retryAfter(response.headers);
  return status === 429
    ? new TransientError(`${where}: too many requests (429)`, patience, after)
    : new TransientError(`${where}: the server failed (${status})`, 'try again later', after);
}

/** `Retry-After` in seconds or as a date, else the `t` of `RateLimit`: milliseconds. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? /\bt=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ALTNAME/;

/** The error for a request that got no answer, or whose answer broke off. fetch says why only in causes. */
export function connectionError(error: unknown, url: URL): CocaError {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof AggregateError) cause = cause.errors[0] ?? cause;
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  const options = { cause: error };
  const proxy = proxyHost(url);
  const proxyHint = 'HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names it; NO_PROXY lists hosts to be reached without';
  if (code === 'ENOTFOUND' && proxy) {
    return new CocaError('network', `cannot find the host of the proxy ${proxy}`, proxyHint, options);
  }
  if (code === 'ENOTFOUND') {
    const hint = 'is there a network? HF_ENDPOINT names another server; what is in the cache works without one';
    return new CocaError('network', `cannot find the host ${url.host}`, hint, options);
  }
  if (CERTIFICATE.test(code)) {
    const hint = 'a proxy with a certificate of its own needs NODE_EXTRA_CA_CERTS';
    return new CocaError('network', `${url.origin}: its certificate is not trusted (${code})`, hint, options);
  }
  // What has no code never got as far as the network: an address or a header that fetch refuses.
  if (code === '') return new CocaError('network', `${shownUrl(url)}: ${message}`, undefined, options);
  const reason = code === 'ECONNREFUSED' ? 'connection refused' : code === 'ECONNRESET' ? 'connection cut' : message;
  const way = proxy ? `${shownUrl(url)}, through the proxy ${proxy}` : shownUrl(url);
  const hint = proxy ? proxyHint : 'check the network and try again';
  return new TransientError(`${way}: ${reason}`, hint, undefined, options);
}
