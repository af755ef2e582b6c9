import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { type PlainError, plainError } from '../base/errors.js';
import { Budget } from '../image/budget.js';
import { indexShard, type TarIndex } from './formats/tar.js';
import type { DatasetOptions } from './open.js';
import type { OrderState } from './order.js';
import { type PreparedSample, prepareSample, type Transform } from './prepare.js';
import type { Locator } from './sample.js';

/** What a decoding thread is asked to do: plain values, as everything that passes between threads. */
export type Job =
  | {
      readonly kind: 'sample';
      readonly locator: Locator;
      readonly place: OrderState;
      readonly transform: Transform;
      readonly needs: DatasetOptions['needs'];
    }
  | { readonly kind: 'shard'; readonly path: string };

export interface Request {
  readonly id: number;
  readonly job: Job;
}

export interface Failure {
  readonly error: PlainError;
}

export type Answer = PreparedSample | TarIndex | Failure;

export interface Response {
  readonly id: number;
  readonly answer: Answer;
}

/** Jobs begun at a time: while one waits for the disk or for libvips, another can compute. */
const AT_A_TIME = 2;

// There are as many of these threads as are wanted busy.
sharp.concurrency(1);

const budget = new Budget(AT_A_TIME);

parentPort?.on('message', async ({ id, job }: Request) => {
  const answer = await budget.spend(1, () => work(job));
  const response: Response = { id, answer };
  parentPort!.postMessage(response, 'pixels' in answer ? [answer.pixels.buffer] : []);
});

async function work(job: Job): Promise<Answer> {
  try {
    if (job.kind === 'shard') return await indexShard(job.path);
    return await prepareSample(job.locator, job.place, job.transform, job.needs);
  } catch (error) {
    return { error: plainError(error) };
  }
}
