import { Worker } from 'node:worker_threads';
import { errorFrom } from '../base/errors.js';
import { threadsHere } from '../base/processes/threads.js';
import type { PictureOptions } from '../image/load-picture.js';
import type { Picture } from '../image/picture.js';
import type { TarIndex } from './formats/tar.js';
import type { PreparedSample, prepareSample } from './prepare.js';
import type { Answer, Job, PixelsInUse, Request, Response, TooLarge } from './worker.js';

/** Threads run what was built, also where this module runs from source. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/model/data/worker.js' : './worker.js',
  import.meta.url,
);

/** One core is left to compute with what the threads prepare. */
export const defaultThreads = (): number => Math.max(1, Math.min(8, threadsHere() - 1));

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads that read and decode samples. Jobs wait in the threads, not here: a thread goes on to its next job while this
 * one is busy computing. (Piscina was tried: closed while jobs run, it ends the process.)
 */
export class DecodingPool {
  readonly #threads: readonly Thread[];

  constructor(count = defaultThreads()) {
    const pixelsInUse: PixelsInUse = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#threads = Array.from({ length: count }, () => new Thread(pixelsInUse));
  }

  /** `prepareSample` in another thread. */
  prepare(...[locator, place, transform, needs]: Parameters<typeof prepareSample>): Promise<PreparedSample> {
    return this.#run<PreparedSample>({ kind: 'sample', locator, place, transform, needs });
  }

  /** `indexShard` in another thread. */
  indexShard(path: string): Promise<TarIndex> {
    return this.#run<TarIndex>({ kind: 'shard', path });
  }

  /** `loadPicture` in another thread. With `maxPixels`, the size of a picture that has more: it is not decoded. */
  picture(bytes: Uint8Array, options: PictureOptions): Promise<Picture>;
  picture(bytes: Uint8Array, options: PictureOptions, maxPixels: number): Promise<Picture | TooLarge>;
  picture(bytes: Uint8Array, options: PictureOptions, maxPixels?: number): Promise<Picture | TooLarge> {
    return this.#run({ kind: 'picture', bytes, options, maxPixels });
  }

  /** Ends the threads; what they had not finished is rejected. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #run<T extends Answer>(job: Job): Promise<T> {
    const idlest = this.#threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
    const answer = await idlest.run(job);
    if ('error' in answer) throw errorFrom(answer.error);
    return answer as T;
  }
}

/** One thread and the jobs it has not answered yet. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #jobs = 0;
  #end: Error | undefined;

  constructor(pixelsInUse: PixelsInUse) {
    this.#worker = new Worker(WORKER, { workerData: pixelsInUse });
    this.#worker.on('message', ({ id, answer }: Response) => {
      this.#waiting.get(id)?.resolve(answer);
      this.#waiting.delete(id);
    });
    this.#worker.on('error', (error) => this.#fail(`a decoding thread failed: ${error.message}`, error));
    this.#worker.on('exit', () => this.#fail('a decoding thread ended'));
  }

  get load(): number {
    return this.#waiting.size;
  }

  run(job: Job): Promise<Answer> {
    if (this.#end) return Promise.reject(this.#end);
    const request: Request = { id: this.#jobs++, job };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(message: string, cause?: Error): void {
    this.#end ??= new Error(message, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}
