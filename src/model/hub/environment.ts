import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CocaError } from '../base/errors.js';

/**
 * The environment variables of Python's huggingface_hub, read as it reads them, so that both find the same cache, the
 * same token and the same server.
 * https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */

/** Where models are published, whichever mirror they are fetched from. */
export const PUBLIC_HUB = 'https://huggingface.co';

/** `~` and `$NAME` as a shell would read them. */
function expand(path: string, env: NodeJS.ProcessEnv): string {
  const fromHome = path.replace(/^~(?=[/\\]|$)/, homedir());
  return fromHome.replace(/\$(?:\{(\w+)\}|(\w+))/g, (word, braced, bare) => env[braced ?? bare] ?? word);
}

function home(env: NodeJS.ProcessEnv): string {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return expand(env.HF_HOME || join(cache, 'huggingface'), env);
}

/** The folder of all repositories. */
export function hubCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return expand(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home(env), 'hub'), env);
}

const isTrue = (value: string | undefined) => /^(1|on|yes|true)$/i.test(value ?? '');

/** How to reach the hub. */
export interface HubAccess {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Sent to the endpoint's own origin alone, and in no message. */
  readonly token: string | undefined;
  /** Where the token was found. */
  readonly tokenFrom: string | undefined;
  readonly isOffline: boolean;
  /** How long to wait for an answer to begin. */
  readonly answerTimeoutMs: number;
  /** How long an answer may pause. */
  readonly stallTimeoutMs: number;
}

const DEFAULT_TIMEOUT_S = 30;

/**
 * Reads endpoint, token and timeouts.
 * @throws CocaError `usage` for an endpoint or a token that cannot be used; the message repeats neither password nor
 *   token.
 */
export async function hubAccess(env: NodeJS.ProcessEnv = process.env): Promise<HubAccess> {
  const { token, from } = await findToken(env);
  return {
    endpoint: readEndpoint(env.HF_ENDPOINT || PUBLIC_HUB),
    token,
    tokenFrom: from,
    isOffline: isTrue(env.HF_HUB_OFFLINE) || isTrue(env.TRANSFORMERS_OFFLINE),
    answerTimeoutMs: seconds('HF_HUB_ETAG_TIMEOUT', env) * 1000,
    stallTimeoutMs: seconds('HF_HUB_DOWNLOAD_TIMEOUT', env) * 1000,
  };
}

function readEndpoint(text: string): string {
  const hint = `for example HF_ENDPOINT=${PUBLIC_HUB}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new CocaError('usage', 'HF_ENDPOINT is no http or https address', hint);
  }
  if (url.username || url.password) {
    throw new CocaError('usage', 'HF_ENDPOINT has a user or password in it', 'give a token in HF_TOKEN instead');
  }
  return url.href.replace(/\/+$/, '');
}

function seconds(name: string, env: NodeJS.ProcessEnv): number {
  const text = env[name];
  if (!text) return DEFAULT_TIMEOUT_S;
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new CocaError('usage', `${name} must be a number of seconds, not ${text}`);
  return value;
}

async function findToken(env: NodeJS.ProcessEnv): Promise<{ token?: string; from?: string }> {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return {};
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const token = env[name]?.trim();
    if (token) return { token: checkedToken(token, name), from: name };
  }
  const path = expand(env.HF_TOKEN_PATH || join(home(env), 'token'), env);
  const token = (await readFile(path, 'utf8').catch(() => '')).trim();
  return token ? { token: checkedToken(token, path), from: path } : {};
}

/** What could not stand in a header is refused here: the error that the header would raise repeats it. */
function checkedToken(token: string, from: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new CocaError('usage', `the token in ${from} has characters that no token has`, 'copy it again, in one line');
}
