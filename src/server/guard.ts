import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Refusal } from './refusal.js';

/** Who may ask. */
export interface Access {
  /** Every request must show it, where there is one. */
  readonly token: string | undefined;
  /** Whether requests come from this machine's programs by TCP, so that a browser's pages can reach the server, too. */
  readonly isLoopback: boolean;
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Refuses a request that shows no token. Where none is needed, refuses what a page in a browser sends: one that has its name lead
 * to this machine (DNS rebinding) is told by the Host header, one of another site by Origin or Sec-Fetch-Site.
 * @throws Refusal 401, 403
 */
export function guard({ headers }: FastifyRequest, { token, isLoopback }: Access): void {
  if (token !== undefined) {
    const [scheme, given = ''] = (headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() === 'bearer' && isSame(given, token)) return;
    throw new Refusal(401, 'denied', 'this server wants a token', { hint: 'Authorization: Bearer TOKEN' });
  }
  if (!isLoopback) return;
  if (!LOOPBACK_HOST.test(headers.host ?? '')) {
    throw new Refusal(403, 'denied', 'the Host header names another machine', {
      hint: 'ask for it by its own address',
    });
  }
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) {
    throw new Refusal(403, 'denied', 'pages in a browser may not ask this server', {
      hint: 'start it with --token-file, and give the token to the page',
    });
  }
}

/** Compares in a time that tells nothing of where texts differ. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
