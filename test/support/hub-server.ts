import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server that speaks as much of the Hugging Face hub's API as a download needs, and a second one that large files are
 * redirected to, as the hub redirects to its storage. Both misbehave where a test asks for it.
 */

/** What a request meets instead of a proper answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** The connection is cut after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Nothing more comes after so many bytes; -1: not even a head. */
  | { readonly kind: 'stall'; readonly after: number }
  /** A space now and then, and no end. */
  | { readonly kind: 'trickle'; readonly everyMs: number }
  /** Other bytes than announced. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The whole file, whatever range was asked for; cut after so many bytes where given. */
  | { readonly kind: 'whole'; readonly cutAfter?: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'json'; readonly json: unknown; readonly headers?: Record<string, string> };

export interface SeenRequest {
  readonly server: 'hub' | 'storage';
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface HubRepository {
  readonly files: Readonly<Record<string, Buffer>>;
  /** Files of this size and more are on the other server, known by their SHA-256. */
  readonly lfsFrom?: number;
  /** Branches and tags, by commit; main is always there. */
  readonly revisions?: Readonly<Record<string, string>>;
  readonly token?: string;
}

/** Each buffer is hashed once. */
function remembered(hash: (bytes: Buffer) => string): (bytes: Buffer) => string {
  const known = new WeakMap<Buffer, string>();
  return (bytes) => {
    const digest = known.get(bytes) ?? hash(bytes);
    known.set(bytes, digest);
    return digest;
  };
}

const sha256 = remembered((bytes) => createHash('sha256').update(bytes).digest('hex'));
const gitBlob = remembered((bytes) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'));

export class HubServer {
  readonly seen: SeenRequest[] = [];
  /** Decides what goes wrong; undefined: nothing. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** Bytes a second of file bodies; 0: as fast as it goes. */
  rate = 0;
  /** Largest number of entries in a page of a list. */
  pageSize = 1000;
  readonly #repositories = new Map<string, HubRepository>();
  readonly #hub: Server;
  readonly #storage: Server;

  constructor() {
    this.#hub = createServer((request, response) => this.#answer('hub', request, response));
    this.#storage = createServer((request, response) => this.#answer('storage', request, response));
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#hub.listen(port, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => this.#storage.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  get storageUrl(): string {
    return `http://127.0.0.1:${(this.#storage.address() as AddressInfo).port}`;
  }

  add(name: string, repository: HubRepository): void {
    this.#repositories.set(name, repository);
  }

  /** The commit of main: changes with the files. */
  static commitOf({ files }: HubRepository): string {
    const hash = createHash('sha1');
    for (const [name, bytes] of Object.entries(files)) hash.update(name).update(gitBlob(bytes));
    return hash.digest('hex');
  }

  #answer(server: SeenRequest['server'], request: IncomingMessage, response: ServerResponse): void {
    const seen = { server, method: request.method!, path: request.url!, headers: request.headers };
    this.seen.push(seen);
    response.on('error', () => undefined);
    const fault = this.fault(seen);
    switch (fault?.kind) {
      case 'status':
        response.writeHead(fault.status, fault.headers).end();
        return;
      case 'redirect':
        response.writeHead(302, { location: fault.to }).end();
        return;
      case 'json':
        response.writeHead(200, { 'content-type': 'application/json', ...fault.headers });
        response.end(JSON.stringify(fault.json));
        return;
      case 'trickle': {
        const timer = setInterval(() => response.write(' '), fault.everyMs);
        response.on('close', () => clearInterval(timer));
        return;
      }
      default:
        if (fault?.kind === 'stall' && fault.after < 0) return;
        if (server === 'storage') this.#sendStored(request, response, fault);
        else this.#sendFromHub(request, response, fault);
    }
  }

  #sendFromHub(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
    const url = new URL(request.url!, this.url);
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)/.exec(url.pathname);
    const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const name = (api ?? resolve)?.[1];
    const repository = name === undefined ? undefined : this.#repositories.get(name);
    if (name === undefined || repository === undefined) {
      response.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end();
      return;
    }
    if (repository.token !== undefined && request.headers.authorization !== `Bearer ${repository.token}`) {
      response.writeHead(401, { 'x-error-message': 'Invalid username or password.' }).end();
      return;
    }
    const main = HubServer.commitOf(repository);
    const revision = decodeURIComponent((api?.[3] ?? resolve?.[2])!);
    const commit = revision === 'main' || revision === main ? main : repository.revisions?.[revision];
    if (commit === undefined) {
      response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
      return;
    }
    if (api?.[2] === 'revision') this.#sendInfo(name, repository, commit, response);
    else if (api) this.#sendTree(url, repository, response);
    else this.#sendFile(decodeURIComponent(resolve![3]!), repository, commit, request, response, fault);
  }

  #sendInfo(name: string, { files }: HubRepository, sha: string, response: ServerResponse): void {
    const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
    const info = {
      _id: '0',
      id: name,
      modelId: name,
      sha,
      siblings,
      private: false,
      gated: false,
      downloads: 0,
      likes: 0,
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...info, lastModified: '2024-01-01T00:00:00.000Z', tags: [] }));
  }

  #sendTree(url: URL, { files, lfsFrom = 100_000 }: HubRepository, response: ServerResponse): void {
    const entries = Object.entries(files).map(([path, bytes]) => {
      const entry = { type: 'file', path, size: bytes.length, oid: gitBlob(bytes) };
      if (bytes.length < lfsFrom) return entry;
      return { ...entry, lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } };
    });
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const end = start + this.pageSize;
    const next = new URL(url);
    next.searchParams.set('cursor', String(end));
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(end < entries.length && { link: `<${next.href}>; rel="next"` }),
    });
    response.end(JSON.stringify(entries.slice(start, end)));
  }

  #sendFile(
    path: string,
    { files, lfsFrom = 100_000 }: HubRepository,
    commit: string,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | undefined,
  ): void {
    const bytes = files[path];
    if (bytes === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound', 'x-repo-commit': commit }).end();
      return;
    }
    if (bytes.length < lfsFrom) {
      this.#sendBytes(bytes, request, response, fault, { etag: `"${gitBlob(bytes)}"`, 'x-repo-commit': commit });
      return;
    }
    response.writeHead(302, {
      location: `${this.storageUrl}/${sha256(bytes)}?X-Amz-Signature=c2VjcmV0`,
      'x-repo-commit': commit,
      'x-linked-size': String(bytes.length),
      'x-linked-etag': `"${sha256(bytes)}"`,
    });
    response.end();
  }

  #sendStored(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
    const hash = request.url!.slice(1).split('?')[0];
    for (const { files } of this.#repositories.values()) {
      const found = Object.values(files).find((bytes) => sha256(bytes) === hash);
      if (found === undefined) continue;
      this.#sendBytes(found, request, response, fault, { etag: `"${hash}-storage"` });
      return;
    }
    response.writeHead(403).end();
  }

  #sendBytes(
    file: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | undefined,
    headers: Record<string, string>,
  ): void {
    const bytes = fault?.kind === 'bytes' ? fault.bytes : file;
    const range = fault?.kind === 'whole' ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range ? Number(range[1]) : 0;
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'content-length': String(bytes.length - start),
      ...(range && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const body = bytes.subarray(start);
    const limit = fault?.kind === 'cut' || fault?.kind === 'stall' ? fault.after : undefined;
    const cutAt = fault?.kind === 'whole' ? fault.cutAfter : limit;
    if (cutAt === undefined) {
      this.#sendSlowly(body, response);
      return;
    }
    response.write(body.subarray(0, cutAt), () => {
      if (fault?.kind !== 'stall') response.destroy();
    });
  }

  #sendSlowly(body: Buffer, response: ServerResponse): void {
    if (this.rate === 0) {
      response.end(body);
      return;
    }
    const step = Math.max(1, Math.floor(this.rate / 20));
    let sent = 0;
    const timer = setInterval(() => {
      response.write(body.subarray(sent, sent + step));
      sent += step;
      if (sent < body.length) return;
      clearInterval(timer);
      response.end();
    }, 50);
    response.on('close', () => clearInterval(timer));
  }
}
