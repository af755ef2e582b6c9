import type { FastifyInstance } from 'fastify';
import type { Serving } from '../handling.js';
import { chatRoute } from './chat.js';
import { embeddingsRoute } from './embeddings.js';

/** What clients of OpenAI's API ask for, in its shapes. */
export function openaiRoutes(app: FastifyInstance, serving: Serving): void {
  const modelObject = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'coca' });
  app.get('/v1/models', async () => ({ object: 'list', data: serving.models().names.map(modelObject) }));
  app.get('/v1/models/*', async (request) => {
    const name = (request.params as { readonly '*': string })['*'];
    serving.models().get(name);
    return modelObject(name);
  });
  embeddingsRoute(app, serving);
  chatRoute(app, serving);
}
