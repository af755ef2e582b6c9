import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from './refusal.js';

/** All bodies that are held at one time, over all clients, have at most this many times the bytes of the largest one. */
const HELD_BODIES = 16;

/** What a request says, whichever way it says it. */
export interface Body {
  /** Fields by name: of JSON as they are, of a form or a query as texts; a file of a form is its bytes. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads bodies: JSON, forms with files, and bare pictures, whose fields are in the query. */
export class Bodies {
  #held = 0;
  readonly #most: number;

  /** @param limit of one body, in bytes */
  constructor(private readonly limit: number) {
    this.#most = limit * HELD_BODIES;
  }

  /** Has a server read bodies by this. */
  install(app: FastifyInstance): void {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: AsyncIterable<Buffer>) => {
      const text = (await this.#collect(request, payload)).toString('utf8');
      return { fields: parsed(text) } satisfies Body;
    });
    app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, payload: AsyncIterable<Buffer>) => {
      return { fields: await formFields(await this.#collect(request, payload), request) } satisfies Body;
    });
    for (const type of [/^image\//, 'application/octet-stream']) {
      app.addContentTypeParser(type, async (request: FastifyRequest, payload: AsyncIterable<Buffer>) => {
        const image = await this.#collect(request, payload);
        return { fields: { ...(request.query as object), image } } satisfies Body;
      });
    }
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** A whole body; its bytes count until the answer is out, or its client has gone. */
  async #collect(request: FastifyRequest, payload: AsyncIterable<Buffer>): Promise<Buffer> {
    if (Number(request.headers['content-length'] ?? 0) > this.limit) throw this.#tooLarge();
    const chunks: Buffer[] = [];
    let total = 0;
    let isOver = false;
    const release = (): void => {
      if (!isOver) this.#held -= total;
      isOver = true;
    };
    request.onSent = release;
    for await (const chunk of payload) {
      total += chunk.length;
      if (!isOver) this.#held += chunk.length;
      if (total > this.limit) throw this.#tooLarge();
      if (this.#held > this.#most) {
        throw new Refusal(429, 'busy', 'the bodies of other requests fill the memory that this server has for them', {
          retryAfter: 1,
        });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, total);
  }

  #tooLarge(): Refusal {
    const hint = `it takes ${this.limit} bytes: send less, or start the server with a larger --max-body`;
    return new Refusal(413, 'too-large', 'the body is too large for this server', { hint });
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Called once the answer is out, or its client has gone. */
    onSent?: () => void;
  }
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, 'usage', `the body is no JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Refusal(400, 'usage', 'the body is JSON, but no object');
}

async function formFields(body: Buffer, request: FastifyRequest): Promise<Record<string, unknown>> {
  const headers = { 'content-type': request.headers['content-type']! };
  const form = await new Response(new Uint8Array(body), { headers }).formData().catch((error: Error) => {
    throw new Refusal(400, 'usage', `the form cannot be read: ${error.message}`);
  });
  const fields: Record<string, unknown> = {};
  for (const name of new Set(form.keys())) {
    const values = await Promise.all(form.getAll(name).map(async (value) => entryOf(value)));
    fields[name] = values.length === 1 ? values[0] : values;
  }
  return fields;
}

const entryOf = async (value: string | Blob): Promise<string | Buffer> =>
  typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer());
