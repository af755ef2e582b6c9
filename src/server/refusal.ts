import { CocaError, type ErrorCode } from '../model/base/errors.js';

/** Why a request gets no result: what HTTP calls it, and what is said of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly more: {
      readonly hint?: string;
      /** The field that is meant, where it is one. */
      readonly param?: string;
      /** In how many seconds another try may do. */
      readonly retryAfter?: number;
    } = {},
  ) {
    super(message);
  }
}

/** What a request did wrong, in a field of its body. */
export const badField = (param: string, message: string, hint?: string): Refusal =>
  new Refusal(400, 'usage', message, { param, ...(hint !== undefined && { hint }) });

/** Codes of the errors that a request can cause, as HTTP has them; all others are the server's own. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  'bad-text': 400,
  'bad-image': 400,
  unreadable: 400,
  'not-found': 404,
  denied: 403,
  network: 502,
  engine: 503,
  interrupted: 503,
};

/** A model that is loaded anew is there in a moment. */
const SOON = 1;

/** Any error as an answer. What no one expected is not told to clients: its message may name files of this machine. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof CocaError) {
    const { code, message, hint } = error;
    const status = STATUS[code] ?? 500;
    return new Refusal(status, code, message, {
      ...(hint !== undefined && { hint }),
      ...(status === 503 && { retryAfter: SOON }),
    });
  }
  const { statusCode, code = '', message } = error as { statusCode?: number; code?: string; message: string };
  // Of the HTTP library, about the request: a body too large, of another type, or no JSON.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Refusal(statusCode, CODES[statusCode] ?? 'usage', code === '' ? message : `${message} (${code})`);
  }
  return new Refusal(500, 'internal', 'the server failed', { hint: 'its log says how' });
}

const CODES: Readonly<Record<number, string>> = { 404: 'not-found', 408: 'timeout', 413: 'too-large', 415: 'bad-type' };

/** The body of a refusal: that of this program's errors, with the names that OpenAI's clients look for. */
export function refusalBody({ status, code, message, more }: Refusal): { readonly error: object } {
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  const { hint, param = null } = more;
  return { error: { code, message, ...(hint !== undefined && { hint }), type, param } };
}
