import { setImmediate as nextTurn } from 'node:timers/promises';
import { answered } from '../asking/question.js';
import { CocaError } from '../base/errors.js';
import { mapAhead } from '../base/pipeline.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TrainingBatch } from '../training/batch.js';
import { type ClassNames, classIndexOf } from './classes.js';
import type { Dataset } from './dataset.js';
import { type OrderedSample, type OrderState, sampleOrder } from './order.js';
import { DecodingPool } from './pool.js';
import type { PreparedSample, Transform } from './prepare.js';

/** What one training step takes: B samples, one caption each, and what they are called. */
export interface Batch extends TrainingBatch {
  readonly captions: readonly string[];
  readonly names: readonly string[];
  /** Where the batch after this one starts: saved with a checkpoint, it resumes the order. */
  readonly next: OrderState;
}

export interface BatchOptions {
  readonly batch: number;
  readonly transform: Transform;
  readonly tokenizer: Tokenizer;
  /** For a classifier: samples then need a label that is one of these, and no caption. */
  readonly classes?: ClassNames;
  /** Decoding threads (default: one less than there are cores, at most 8). */
  readonly threads?: number;
  /** Batches that are prepared ahead of the one that is asked for (default: 2). */
  readonly ahead?: number;
  /** A sample (or a shard) that cannot be read: it is left out, and the batch takes the next one instead. */
  readonly onProblem?: (error: CocaError) => void;
  /** A caption longer than the model's context: it is cut and ends with the end token, as OpenCLIP does it. */
  readonly onCut?: (name: string) => void;
  /** Ends with the epoch. */
  readonly isOnce?: boolean;
  /** With `isOnce`: how many samples were left that make no whole batch. */
  readonly onRest?: (count: number) => void;
}

/**
 * Batches of a data set from a place in its order on, without end or to the end of the epoch. All are full: a batch takes
 * the last samples of an epoch and the first of the next. The same data, seed and place give the same batches bit for bit, whatever the number
 * of threads.
 * @throws CocaError `bad-data` when an epoch has fewer readable samples than a batch; what `sampleOrder` throws
 */
export async function* batches(dataset: Dataset, start: OrderState, options: BatchOptions): AsyncGenerator<Batch> {
  const { batch, transform, ahead = 2, onProblem = () => undefined } = options;
  const needs = options.classes ? 'labels' : 'captions';
  if (dataset.size !== undefined && dataset.size < batch) throw tooFew(dataset.size, batch, dataset.name);
  const pool = new DecodingPool(options.threads);
  const order = sampleOrder(dataset, start, {
    indexShard: (path) => pool.indexShard(path),
    onProblem,
    ...(options.isOnce && { isOnce: true }),
  });
  const prepare = async ({ locator, at, next }: OrderedSample): Promise<Prepared> => {
    try {
      return { at, next, sample: await pool.prepare(locator, at, transform, needs) };
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      return { at, next, error };
    }
  };
  let open = new OpenBatch(options);
  const epoch = new EpochCount(start, batch, dataset.name);
  try {
    for await (const { sample, error, at, next } of mapAhead(order, prepare, (ahead + 1) * batch)) {
      epoch.reach(at);
      const problem = error ?? open.add(sample!);
      if (problem) {
        onProblem(problem);
        continue;
      }
      epoch.count();
      if (!open.isFull) continue;
      yield open.close(next);
      open = new OpenBatch(options);
      // Answers of the threads come in only when this thread takes a turn of its event loop.
      await nextTurn();
    }
    epoch.end();
    options.onRest?.(open.size);
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
  #epoch: number;
  #readable = 0;
  /** An epoch that was begun elsewhere is not judged. */
  #isWhole: boolean;

  constructor(
    start: OrderState,
    private readonly batch: number,
    private readonly name: string,
  ) {
    this.#epoch = start.epoch;
    this.#isWhole = start.group === 0 && start.position === 0;
  }

  reach({ epoch }: OrderState): void {
    if (epoch === this.#epoch) return;
    this.end();
    this.#epoch = epoch;
    this.#readable = 0;
    this.#isWhole = true;
  }

  count(): void {
    this.#readable++;
  }

  end(): void {
    if (this.#isWhole && this.#readable < this.batch) throw tooFew(this.#readable, this.batch, this.name);
  }
}

/** A batch that is being filled. */
class OpenBatch {
  #pixels: Float32Array | undefined;
  readonly #contexts: Int32Array[] = [];
  readonly #captions: string[] = [];
  readonly #names: string[] = [];
  readonly #classes: number[] = [];
  readonly #given: number[] = [];

  constructor(private readonly options: BatchOptions) {}

  get size(): number {
    return this.#names.length;
  }

  get isFull(): boolean {
    return this.size === this.options.batch;
  }

  /** @returns why the sample cannot be taken, if it cannot */
  add(sample: PreparedSample): CocaError | undefined {
    try {
      this.#take(sample);
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
      return new CocaError(error.code, `${sample.name}: ${error.message}`, error.hint, { cause: error });
    }
    return undefined;
  }

  #take({ name, pixels, caption: said, question, label }: PreparedSample): void {
    const { batch, tokenizer, classes, onCut } = this.options;
    const { text: caption, given } =
      question === undefined ? { text: said, given: 1 } : answered(tokenizer, question, said);
    const context = tokenizer.context(caption);
    if (classes) this.#classes.push(classIndexOf(classes, label));
    if (onCut && !tokenizer.fits(caption)) onCut(name);
    this.#given.push(given);
    this.#pixels ??= new Float32Array(batch * pixels.length);
    this.#pixels.set(pixels, this.#names.length * pixels.length);
    this.#contexts.push(context);
    this.#captions.push(caption);
    this.#names.push(name);
  }

  close(next: OrderState): Batch {
    return {
      pixels: this.#pixels!,
      contexts: this.#contexts,
      ...(this.options.classes && { classes: Int32Array.from(this.#classes) }),
      ...(this.#given.some((count) => count > 1) && { given: Int32Array.from(this.#given) }),
      captions: this.#captions,
      names: this.#names,
      next,
    };
  }
}
