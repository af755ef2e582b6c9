import { afterEach, expect, test, vi } from 'vitest';
import { connectionError } from '../../../src/model/net/failures.js';

const URL_OF_FILE = new URL('https://hub.example/a/b?signature=secret');

/** What fetch throws: the reason is a cause. */
const fetchFailed = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(`it ${code}`), { code }) });

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['ECONNREFUSED', 'https://hub.example/a/b: connection refused', /check the network/],
  ['ENOTFOUND', 'cannot find the host hub.example', /HF_ENDPOINT/],
])('%s of the hub', (code, message, hint) => {
  vi.stubEnv('HTTPS_PROXY', '');
  vi.stubEnv('ALL_PROXY', '');
  expect(connectionError(fetchFailed(code), URL_OF_FILE)).toMatchObject({ message, hint: expect.stringMatching(hint) });
});

test.each([
  ['ECONNREFUSED', 'https://hub.example/a/b, through the proxy proxy.example:3128: connection refused'],
  ['ENOTFOUND', 'cannot find the host of the proxy proxy.example:3128'],
])('%s of a proxy: which it is, without its password', (code, message) => {
  vi.stubEnv('HTTPS_PROXY', 'http://me:secret@proxy.example:3128');
  vi.stubEnv('NO_PROXY', '');
  const error = connectionError(fetchFailed(code), URL_OF_FILE);
  expect(error).toMatchObject({ message, hint: expect.stringContaining('HTTPS_PROXY') });
});
