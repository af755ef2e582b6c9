import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { type PlainError, plainError } from '../base/errors.js';
import { Budget } from '../image/budget.js';
import { decodeWithin } from '../image/decode.js';
import { loadPicture, type PictureOptions } from '../image/load-picture.js';
import type { Picture } from '../image/picture.js';
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
  | { readonly kind: 'shard'; readonly path: string }
  | { readonly kind: 'picture'; readonly bytes: Uint8Array; readonly options: PictureOptions };

export interface Request {
  readonly id: number;
  readonly job: Job;
}

export interface Failure {
  readonly error: PlainError;
}

export type Answer = PreparedSample | TarIndex | Picture | Failure;

/** What the threads of a pool share: how many pixels they are decoding. */
export type PixelsInUse = SharedArrayBuffer;

export interface Response {
  readonly id: number;
  readonly answer: Answer;
}

/** Jobs begun at a time: while one waits for the disk or for libvips, another can compute. */
const AT_A_TIME = 2;

// There are as many of these threads as are wanted busy.
sharp.concurrency(1);

if (parentPort) decodeWithin(workerData as PixelsInUse);

const budget = new Budget(AT_A_TIME);

parentPort?.on('message', async ({ id, job }: Request) => {
  const answer = await budget.spend(1, () => work(job));
  const response: Response = { id, answer };
  parentPort!.postMessage(response, moved(answer));
});

/** The memory of an answer that need not be copied. */
function moved(answer: Answer): ArrayBuffer[] {
  if ('pixels' in answer) return [answer.pixels.buffer];
  return 'rgb' in answer && answer.rgb.byteLength === answer.rgb.buffer.byteLength
    ? [answer.rgb.buffer as ArrayBuffer]
    : [];
}

async function work(job: Job): Promise<Answer> {
  try {
    if (job.kind === 'shard') return await indexShard(job.path);
    if (job.kind === 'picture') return await loadPicture(job.bytes, job.options);
    return await prepareSample(job.locator, job.place, job.transform, job.needs);
  } catch (error) {
    return { error: plainError(error) };
  }
}
