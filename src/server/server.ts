import type { LoadedCoca, LoadOptions } from '../model/store/load.js';
import { newApp } from './app.js';
import { type Address, listenAt, type Place } from './listen.js';
import { ClientPictures } from './models/decoder.js';
import { ServedModels } from './models/served-models.js';
import type { PictureSources } from './pictures.js';
import { Queue } from './queue.js';
import { Refusal } from './refusal.js';
import type { Operation } from './routes/operations.js';

export interface ServerOptions {
  readonly place: Place;
  readonly token: string | undefined;
  /** As they were named; undefined is the default model. */
  readonly models: readonly (string | undefined)[];
  readonly how: LoadOptions;
  readonly load: (options: LoadOptions) => Promise<LoadedCoca>;
  readonly operations: readonly Operation[];
  readonly batch: number;
  readonly queue: number;
  readonly timeoutMs: number;
  readonly maxBody: number;
  readonly maxPixels: number;
  readonly sources: Omit<PictureSources, 'limit'>;
  readonly log: (line: string) => void;
}

/** A server that listens, and whose models are loaded. */
export interface RunningServer {
  readonly address: Address;
  readonly models: ServedModels;
  /**
   * Ends it: no new requests, then `graceMs` for those that are worked on.
   * @param now when aborted, the grace is over
   * @returns how many requests were stopped
   */
  readonly close: (graceMs: number, now?: AbortSignal) => Promise<number>;
}

/**
 * Starts a server: it listens at once, and says that it loads until its models are there.
 * @throws CocaError as `listenAt` and `loadCoca`
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { place, token, models: named, how, load, operations, batch, maxBody, log } = options;
  const queue = new Queue(options.queue, options.timeoutMs);
  const pictures = new ClientPictures(options.maxPixels);
  let models: ServedModels | undefined;
  const loaded = (): ServedModels => {
    if (models === undefined) throw new Refusal(503, 'loading', 'the model is being loaded', { retryAfter: 1 });
    return models;
  };
  const { app, metrics } = newApp({
    serving: { models: loaded, queue, sources: { ...options.sources, limit: maxBody } },
    isReady: () => models?.areReady === true,
    access: { token, isLoopback: !('socket' in place) },
    operations,
    maxBody,
    log,
  });
  const onEnded = (model: string, error: unknown): void => {
    metrics.engineEnds.inc({ model });
    app.log.error({ model, reason: (error as Error | undefined)?.message }, 'engine ended');
  };
  const stop = async (): Promise<void> => {
    await app.close();
    await models?.close();
    await pictures.close();
  };
  try {
    const address = await listenAt(app, place);
    models = await ServedModels.load({ models: named, how, load, pictures, batch, onEnded });
    return {
      address,
      models,
      async close(graceMs, now) {
        const stopped = await queue.close(graceMs, now);
        await stop();
        return stopped;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
