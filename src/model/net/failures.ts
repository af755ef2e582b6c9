import { CocaError } from '../errors.js';
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

/** A server does not send the part of a file that was asked for: it may still send the whole. */
export class PartRefusedError extends CocaError {}

const RETRIED_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/** An address as a message may repeat it: without the signatures that a query holds. */
export function shownUrl(url: URL): string {
  return url.origin + url.pathname;
}

/** What became of the token in a request: there is none, it was sent, or it was kept back. */
export type TokenUse = 'none' | 'sent' | 'withheld';

const TOKEN_ADVICE: Readonly<Record<TokenUse, string>> = {
  none: 'check the name; for a private one set HF_TOKEN or use "hf auth login"',
  sent: 'make one that may read this repository, for HF_TOKEN or with "hf auth login"',
  withheld: 'the token was not sent: it goes to the host of HF_ENDPOINT alone, and not over plain http',
};

/** The error for an answer that is no success. What became of the token decides what a refusal means. */
export function statusError(response: Response, url: URL, token: TokenUse): CocaError {
  const { status } = response;
  const where = shownUrl(url);
  // The hub says in a header of its own which kind of refusal or absence it is.
  const code = response.headers.get('x-error-code');
  if (code === 'GatedRepo') {
    return new CocaError(
      'denied',
      `${where}: its owner wants terms accepted first`,
      token === 'sent'
        ? 'accept them on the page of the model, signed in as the owner of the token'
        : 'accept them on the page of the model, and give a token of that account in HF_TOKEN',
    );
  }
  if (status === 401 || status === 403) {
    const what = token === 'sent' ? 'the hub refuses the token' : 'no such repository, or one that wants a token';
    return new CocaError('denied', `${where}: ${what} (${status})`, TOKEN_ADVICE[token]);
  }
  if (status === 404 || status === 410) {
    const what = code === 'RevisionNotFound' ? 'no such branch, tag or commit' : 'not found';
    return new CocaError('not-found', `${where}: ${what} (${status})`, 'check the name');
  }
  if (status === 416) return new PartRefusedError('network', `${where}: the server does not send this part (416)`);
  if (!RETRIED_STATUS.has(status)) return new CocaError('network', `${where}: the server answered ${status}`);
  const after = retryAfter(response.headers);
  return status === 429
    ? new TransientError(`${where}: too many requests (429)`, 'wait a while; with a token the hub allows more', after)
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
