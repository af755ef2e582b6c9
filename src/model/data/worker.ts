import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { type PlainError, plainError } from '../base/errors.js';
import { Budget } from '../image/budget.js';
import { decodeWithin } from '../image/decode.js';
import type { Size } from '../image/geometry.js';
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
  | {
      readonly kind: 'picture';
      readonly bytes: Uint8Array;
      readonly options: PictureOptions;
      /** Of a picture that is decoded at all. */
      readonly maxPixels: number | undefined;
    };

export interface Request {
  readonly id: number;
  readonly job: Job;
}

export interface Failure {
  readonly error: PlainError;
}

/** The size of a picture that has too many pixels. */
export interface TooLarge {
  readonly tooLarge: Size;
}

export type Answer = PreparedSample | TarIndex | Picture | TooLarge | Failure;

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
    if (job.kind === 'picture') return await pictureWithin(job);
    return await prepareSample(job.locator, job.place, job.transform, job.needs);
  } catch (error) {
    return { error: plainError(error) };
  }
}

async function pictureWithin({
  bytes,
  options,
  maxPixels = Infinity,
}: Job & { readonly kind: 'picture' }): Promise<Picture | TooLarge> {
  let tooLarge: Size | undefined;
  const onOpen = (size: Size): void => {
    if (size.width * size.height <= maxPixels) return;
    tooLarge = size;
    throw new Error('too large');
  };
  try {
    return await loadPicture(bytes, options, onOpen);
  } catch (error) {
    if (tooLarge) return { tooLarge };
    throw error;
  }
}
