import { CocaError } from '../base/errors.js';
import { answerError, shownUrl } from '../net/failures.js';

/** A server does not send the part of a file that was asked for: it may still send the whole. */
export class PartRefusedError extends CocaError {}

/** What became of the token in a request: none was set, it was sent, or it was kept back. */
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
  if (code === 'RevisionNotFound') {
    return new CocaError('not-found', `${where}: no such branch, tag or commit (${status})`, 'check the name');
  }
  if (status === 416) return new PartRefusedError('network', `${where}: the server does not send this part (416)`);
  return answerError(response, url, 'wait a while; with a token the hub allows more');
}
