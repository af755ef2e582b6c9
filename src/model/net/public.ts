import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Agent } from 'undici';
import { CocaError } from '../base/errors.js';
import { type Send, sentBy } from './proxy.js';

/**
 * What sends requests on behalf of those who are not this machine's user: to public addresses alone. Names are looked up as the
 * connection is made, so that what was checked is what is connected to, whatever a name server says the next time. No proxy is
 * asked: it would look names up by itself.
 * @throws CocaError `denied` for an address of this machine, of its network, or reserved
 */
export async function publicSender({ hostname, host }: URL): Promise<Send> {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !(await isPublic(address))) throw notPublic(host);
  const undici = await import('undici');
  agent ??= new undici.Agent({ connect: { lookup: (name, options, done) => lookUpPublic(name, options, done) } });
  return sentBy(undici, agent);
}

let agent: Agent | undefined;

type Done = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

function lookUpPublic(name: string, options: LookupOptions, done: Done): void {
  lookup(name, { ...options, all: true }, async (error, found) => {
    if (error) return done(error, []);
    for (const { address } of found) if (!(await isPublic(address))) return done(notPublic(name), []);
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  });
}

/** Whether an address is one of the internet's: no loopback, private, link-local, multicast or reserved one, nor a v6 form of such. */
async function isPublic(address: string): Promise<boolean> {
  const { default: ipaddr } = await import('ipaddr.js');
  return ipaddr.process(address).range() === 'unicast';
}

function notPublic(host: string): CocaError {
  return new CocaError('denied', `${host} is no public address`, 'pictures are fetched from the public internet alone');
}
