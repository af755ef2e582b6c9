import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { Bodies } from './bodies.js';
import { boundIdleConnections } from './connections.js';
import { type Access, guard } from './guard.js';
import type { Serving } from './handling.js';
import { type ServerMetrics, serverMetrics } from './metrics.js';
import { Refusal, refusalBody, refusalOf } from './refusal.js';
import { callRoutes } from './routes/calls.js';
import { openaiRoutes } from './routes/openai.js';
import { type Operation, operationRoutes } from './routes/operations.js';

/** Names of long paths of `--model` and of operations stay far below. */
const LONGEST_HEAD = 16 * 1024;
/** How long the head of a request may take, and how long a whole one, in milliseconds; how often that is looked at. */
const HEAD_MS = 10_000;
const REQUEST_MS = 60_000;
const LOOKED_AT_MS = 1000;
/** How long a connection stays open for another request. */
const KEPT_MS = 30_000;

export interface AppOptions {
  readonly serving: Serving;
  readonly isReady: () => boolean;
  readonly access: Access;
  readonly operations: readonly Operation[];
  /** The most bytes of a body. */
  readonly maxBody: number;
  /** Receives the lines of the log: one JSON object a request, and one for each thing that happens. */
  readonly log: (line: string) => void;
}

export interface App {
  readonly app: FastifyInstance;
  readonly metrics: ServerMetrics;
}

/** What nginx calls a request whose client did not wait for the answer. */
const GONE = 499;

/** Paths that anyone who monitors a server asks, also while it loads and ends. */
const OPEN = new Set(['/healthz', '/metrics']);

/** The server over HTTP: who may ask, what is logged and counted, how failures are told. What is asked is in `routes/`. */
export function newApp({ serving, isReady, access, operations, maxBody, log }: AppOptions): App {
  const { queue } = serving;
  const bodies = new Bodies(maxBody);
  const app = Fastify({
    logger: { level: 'info', base: null, stream: { write: log } },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBody,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEPT_MS,
    forceCloseConnections: true,
    http: { headersTimeout: HEAD_MS, connectionsCheckingInterval: LOOKED_AT_MS, maxHeaderSize: LONGEST_HEAD },
  }) as unknown as FastifyInstance;
  boundIdleConnections(app.server);
  bodies.install(app);
  const metrics = serverMetrics({ running: () => queue.running, bodyBytes: () => bodies.held, isReady });

  app.addHook('onRequest', async (request, reply) => {
    // Also where the client goes before it has its answer.
    reply.raw.once('close', () => {
      request.onSent?.();
      tell(request, reply, metrics);
    });
    guard(request, access);
    if (OPEN.has(request.routeOptions.url ?? '')) return;
    if (queue.isClosed) reply.header('connection', 'close');
    queue.refuseIfClosed();
  });
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'internal') request.log.error({ err: error }, 'failed');
    return refuse(reply, refusal);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      new Refusal(404, 'not-found', `there is no ${request.method} ${request.url.split('?')[0]}`, {
        hint: 'coca help serve.md lists what there is',
      }),
    ),
  );

  app.get('/healthz', async (_, reply) => {
    const status = queue.isClosed ? 'ending' : isReady() ? 'ready' : 'loading';
    return reply.status(status === 'ready' ? 200 : 503).send({ status });
  });
  app.get('/metrics', async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  operationRoutes(app, serving, operations);
  openaiRoutes(app, serving);
  callRoutes(app, serving);
  return { app, metrics };
}

/** Counts and logs a request that is over. */
function tell(request: FastifyRequest, reply: FastifyReply, metrics: ServerMetrics): void {
  const route = request.routeOptions.url ?? 'none';
  const isGone = !reply.raw.writableFinished;
  const status = isGone ? GONE : reply.raw.statusCode;
  const { elapsedTime } = reply;
  metrics.requests.inc({ route, status: String(status) });
  metrics.seconds.observe({ route }, elapsedTime / 1000);
  request.log.info({ method: request.method, route, status, ms: Math.round(elapsedTime * 10) / 10 }, 'request');
}

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { retryAfter } = refusal.more;
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.status(refusal.status).send(refusalBody(refusal));
}
