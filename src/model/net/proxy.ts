import { getProxyForUrl } from 'proxy-from-env';
import type { Dispatcher, ProxyAgent } from 'undici';
import { CocaError } from '../base/errors.js';

export type Send = (url: URL, init: RequestInit) => Promise<Response>;

/** Undici's `fetch` by a dispatcher of its own: they are of one version, and speak a protocol of their own with each other. */
export const sentBy =
  (undici: Pick<typeof import('undici'), 'fetch'>, dispatcher: Dispatcher): Send =>
  (to, init) =>
    undici.fetch(to, { ...init, dispatcher } as never) as unknown as Promise<Response>;

/**
 * What sends a request to `url`: `fetch`, or one through the proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY
 * name for it, as Python, curl and others read them; Node's own does not.
 * @throws CocaError `usage` for what is no proxy's address; the message does not repeat it, since it may hold a password
 */
export async function sender(url: URL): Promise<Send> {
  const proxy = getProxyForUrl(url.href);
  if (proxy === '') return fetch;
  if (!isProxy(proxy)) {
    throw new CocaError('usage', `the proxy that the environment names for ${url.host} is no http or https address`);
  }
  const undici = await import('undici');
  const dispatcher = agents.get(proxy) ?? new undici.ProxyAgent(agentOptions(new URL(proxy)));
  agents.set(proxy, dispatcher);
  return sentBy(undici, dispatcher);
}

/**
 * Only https goes through a tunnel: proxies commonly refuse one to port 80. The agent takes a user from the address only
 * where there is a password, too.
 */
function agentOptions(proxy: URL) {
  const user = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  const token = user === ':' ? {} : { token: `Basic ${Buffer.from(user).toString('base64')}` };
  return { uri: proxy.origin, proxyTunnel: false, ...token };
}

/** The host and port of the proxy that requests to `url` go through, if there is one; nothing else of its address is to be shown. */
export function proxyHost(url: URL): string | undefined {
  const proxy = getProxyForUrl(url.href);
  return URL.canParse(proxy) ? new URL(proxy).host : undefined;
}

function isProxy(proxy: string): boolean {
  if (!URL.canParse(proxy)) return false;
  const { protocol, username, password } = new URL(proxy);
  try {
    // A stray % in a password: the agent would stumble over it.
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return /^https?:$/.test(protocol);
}

/** One a proxy: it keeps connections open. */
const agents = new Map<string, ProxyAgent>();
