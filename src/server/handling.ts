import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServedModels } from './models/served-models.js';
import type { PictureSources } from './pictures.js';
import type { Queue } from './queue.js';
import { refusalBody, refusalOf } from './refusal.js';

/** What routes work with. */
export interface Serving {
  /** @throws Refusal 503 while they are loaded for the first time */
  readonly models: () => ServedModels;
  readonly queue: Queue;
  readonly sources: PictureSources;
}

/**
 * Works on a request as one of the queue's. Should its client go, the work is stopped.
 * @param work its answer; nothing where it has sent one
 */
export async function inQueue(
  { queue }: Serving,
  reply: FastifyReply,
  work: (signal: AbortSignal) => Promise<object | undefined>,
): Promise<FastifyReply> {
  return queue.run(async ({ signal, leave }) => {
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) leave();
    });
    const answer = await work(signal);
    return answer === undefined ? reply : reply.send(answer);
  });
}

/** The fields of a request. */
export function fieldsOf(request: FastifyRequest): Record<string, unknown> {
  return { ...(request.body as { readonly fields?: object } | undefined)?.fields };
}

/** An answer in pieces, as server-sent events. Nothing is sent before the first, so that a failure before it is an HTTP status. */
export class EventStream {
  readonly #stream = new PassThrough();
  #isBegun = false;

  constructor(private readonly reply: FastifyReply) {}

  send(data: object | string, event?: string): void {
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.reply.type('text/event-stream').header('cache-control', 'no-store').send(this.#stream);
    }
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    this.#stream.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`);
  }

  /** Runs what sends; its failure is the last event where others were sent. */
  async run(work: () => Promise<void>): Promise<undefined> {
    try {
      await work();
    } catch (error) {
      if (!this.#isBegun) throw error;
      this.send(refusalBody(refusalOf(error)), 'error');
    } finally {
      this.#stream.end();
    }
    return undefined;
  }
}
