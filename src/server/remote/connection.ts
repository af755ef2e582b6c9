import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { CocaError, type ErrorCode } from '../../model/base/errors.js';
import { loadOwn } from '../../model/base/packages.js';
import type { Address } from '../listen.js';

/**
 * With the first connection, and not by `import`, which reads all that node:http exports: from Node 22 on that loads undici, a quarter of
 * the time in which the program starts.
 */
const loadHttp = () => loadOwn<typeof import('node:http')>('node:http');

/** How long to wait before a server that has too much to do is asked again, and how often, at most. */
const BUSY_MS = 500;
const MOST_TRIES = 120;

/** A server's address and what it wants to see. */
export interface ServerPlace {
  readonly address: Address;
  readonly token: string | undefined;
}

/** Requests to one server, over connections that are kept. */
export class Connection {
  readonly #http = loadHttp();
  readonly #agent = new this.#http.Agent({ keepAlive: true });

  constructor(private readonly place: ServerPlace) {}

  /**
   * Sends bytes, or asks for something; waits while the server has too much to do.
   * @throws CocaError what the server says; `network` where there is none; `interrupted`
   */
  async ask(
    path: string,
    body?: { readonly type: string; readonly bytes: Uint8Array },
    signal?: AbortSignal,
  ): Promise<Buffer> {
    for (let tries = 1; ; tries++) {
      const { status, bytes } = await this.#send(path, body, signal);
      if (status === 200) return bytes;
      if (status !== 429 || tries === MOST_TRIES) throw errorOf(bytes, status, this.place);
      await wait(BUSY_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(
    path: string,
    body: { readonly type: string; readonly bytes: Uint8Array } | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    const { address, token } = this.place;
    const socketPath = address.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': body.type, 'content-length': body.bytes.length }),
    };
    const method = body ? 'POST' : 'GET';
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(signal?.aborted ? interrupted() : unreachable(error, this.place));
      if (signal?.aborted) return reject(interrupted());
      const options = { method, headers, agent: this.#agent, ...(signal && { signal }) };
      const onAnswer = (response: IncomingMessage): void => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
      };
      const sent =
        socketPath === undefined
          ? this.#http.request(new URL(path, address), options, onAnswer)
          : this.#http.request({ ...options, socketPath, path }, onAnswer);
      sent.on('error', fail);
      sent.end(body?.bytes);
    });
  }
}

const interrupted = (): CocaError => new CocaError('interrupted', 'interrupted');

function unreachable(cause: Error, { address }: ServerPlace): CocaError {
  const { code } = cause as NodeJS.ErrnoException;
  const isGone = code === 'ECONNREFUSED' || code === 'ENOENT';
  const hint = 'coca serve starts one; without $COCA_SERVER the model is loaded here';
  const reason = isGone ? 'no server answers' : `the connection failed: ${cause.message}`;
  return new CocaError('network', `${address}: ${reason}`, hint, { cause });
}

/** The server's own error, as it was thrown there. */
function errorOf(bytes: Buffer, status: number, { address }: ServerPlace): CocaError {
  try {
    const { error } = JSON.parse(bytes.toString('utf8')) as {
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
    };
    if (KNOWN.has(error.code)) return new CocaError(error.code, error.message, error.hint);
    return new CocaError('network', `${address}: ${error.message}`, error.hint);
  } catch {
    return new CocaError('network', `${address} answered with ${status}`, 'is it a server of coca serve?');
  }
}

/** Codes that mean the same here as there. */
const KNOWN: ReadonlySet<string> = new Set([
  'usage',
  'bad-image',
  'bad-text',
  'engine',
  'unreadable',
  'denied',
] satisfies ErrorCode[]);
