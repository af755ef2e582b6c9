import { setImmediate as nextTurn } from 'node:timers/promises';
import { CocaError } from '../errors.js';
import { mapAhead } from '../pipeline.js';
import type { Tokenizer } from '../tokenizer.js';
import type { Dataset } from './dataset.js';
import { type OrderedSample, type OrderState, sampleOrder } from './order.js';
import { DecodingPool } from './pool.js';
import type { PreparedSample, Transform } from './prepare.js';

/** What one training step takes. B samples, one caption each. */
export interface Batch {
  /** [B, 3, size, size], normalised. */
  readonly pixels: Float32Array<ArrayBuffer>;
  /** [B, contextLength]: start, caption, end, padding. */
  readonly ids: Int32Array<ArrayBuffer>;
  readonly captions: readonly string[];
  readonly names: readonly string[];
  /** Where the batch after this one starts: saved with a checkpoint, it resumes the order. */
  readonly next: OrderState;
}

export interface BatchOptions {
  readonly batch: number;
  readonly transform: Transform;
  readonly tokenizer: Tokenizer;
  /** Decoding threads (default: one less than there are cores, at most 8). */
  readonly threads?: number;
  /** Batches that are prepared ahead of the one that is asked for (default: 2). */
  readonly ahead?: number;
  /** A sample (or a shard) that cannot be read: it is left out, and the batch takes the next one instead. */
  readonly onProblem?: (error: CocaError) => void;
  /** A caption longer than the model's context: it is cut and ends with the end token, as OpenCLIP does it. */
  readonly onCut?: (name: string) => void;
}

/**
 * Batches of a data set from a place in its order on, without end. All are full: a batch takes the last samples of an
 * epoch and the first of the next. The same data, seed and place give the same batches bit for bit, whatever the number
 * of threads.
 * @throws CocaError `bad-data` when an epoch has fewer readable samples than a batch; what `sampleOrder` throws
 */
export async function* batches(dataset: Dataset, start: OrderState, options: BatchOptions): AsyncGenerator<Batch> {
  const { batch, transform, tokenizer, ahead = 2, onProblem = () => undefined, onCut } = options;
  if (dataset.size !== undefined && dataset.size < batch) throw tooFew(dataset.size, batch, dataset.name);
  const pool = new DecodingPool(options.threads);
  const order = sampleOrder(dataset, start, { indexShard: (path) => pool.indexShard(path), onProblem });
  const prepare = async ({ locator, at, next }: OrderedSample): Promise<Prepared> => {
    try {
      return { at, next, sample: await pool.prepare(locator, at, transform) };
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      return { at, next, error };
    }
  };
  let open = new OpenBatch(batch, tokenizer);
  const epoch = new EpochCount(start, batch, dataset.name);
  try {
    for await (const { sample, error, at, next } of mapAhead(order, prepare, (ahead + 1) * batch)) {
      epoch.reach(at);
      const problem = error ?? open.add(sample!, onCut);
      if (problem) {
        onProblem(problem);
        continue;
      }
      epoch.count();
      if (!open.isFull) continue;
      yield open.close(next);
      open = new OpenBatch(batch, tokenizer);
      // Answers of the threads come in only when this thread takes a turn of its event loop.
      await nextTurn();
    }
  } finally {
    await pool.close();
  }
}

interface Prepared {
  readonly at: OrderState;
  readonly next: OrderState;
  readonly sample?: PreparedSample;
  readonly error?: CocaError;
}

function tooFew(count: number, batch: number, name: string): CocaError {
  return new CocaError(
    'bad-data',
    `${name} has ${count} samples that can be read, fewer than the ${batch} of a batch`,
    'choose a smaller batch',
  );
}

/** Sees to it that every whole epoch fills a batch: else one picture would be its own negative, or nothing ever come. */
class EpochCount {
  private epoch: number;
  private readable = 0;
  /** An epoch that was begun elsewhere is not judged. */
  private isWhole: boolean;

  constructor(
    start: OrderState,
    private readonly batch: number,
    private readonly name: string,
  ) {
    this.epoch = start.epoch;
    this.isWhole = start.group === 0 && start.position === 0;
  }

  reach({ epoch }: OrderState): void {
    if (epoch === this.epoch) return;
    if (this.isWhole && this.readable < this.batch) throw tooFew(this.readable, this.batch, this.name);
    this.epoch = epoch;
    this.readable = 0;
    this.isWhole = true;
  }

  count(): void {
    this.readable++;
  }
}

/** A batch that is being filled. */
class OpenBatch {
  private pixels: Float32Array<ArrayBuffer> | undefined;
  private readonly ids: Int32Array<ArrayBuffer>;
  private readonly captions: string[] = [];
  private readonly names: string[] = [];

  constructor(
    private readonly size: number,
    private readonly tokenizer: Tokenizer,
  ) {
    this.ids = new Int32Array(size * tokenizer.contextLength);
  }

  get isFull(): boolean {
    return this.captions.length === this.size;
  }

  /** @returns why the sample cannot be taken, if it cannot */
  add({ name, pixels, caption }: PreparedSample, onCut: BatchOptions['onCut']): CocaError | undefined {
    const row = this.captions.length;
    try {
      this.ids.set(this.tokenizer.context(caption), row * this.tokenizer.contextLength);
      if (onCut && !this.tokenizer.fits(caption)) onCut(name);
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      return new CocaError(error.code, `${name}: ${error.message}`, error.hint, { cause: error });
    }
    this.pixels ??= new Float32Array(this.size * pixels.length);
    this.pixels.set(pixels, row * pixels.length);
    this.captions.push(caption);
    this.names.push(name);
    return undefined;
  }

  close(next: OrderState): Batch {
    return { pixels: this.pixels!, ids: this.ids, captions: this.captions, names: this.names, next };
  }
}
