import { setTimeout as sleep } from 'node:timers/promises';
import { CocaError } from '../base/errors.js';
import { TransientError } from './failures.js';

/** How often and how patiently to try again. */
export interface RetryPolicy {
  /** Tries in a row without any progress. */
  readonly tries: number;
  /** Before the second try; doubled for each one more. */
  readonly firstDelayMs: number;
  /** The longest wait that a server may ask for. */
  readonly longestDelayMs: number;
}

export const PATIENT: RetryPolicy = { tries: 5, firstDelayMs: 1000, longestDelayMs: 120_000 };

/** Counts failures in a row and waits between them. */
export class Retries {
  #failures = 0;

  constructor(
    private readonly policy: RetryPolicy,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Something came: the count starts anew. */
  progressed(): void {
    this.#failures = 0;
  }

  /**
   * How long to wait before the next try, in milliseconds.
   * @throws `error` itself when it is not one to try again after, or it was the last one allowed
   */
  next(error: unknown): number {
    if (!(error instanceof TransientError)) throw error;
    this.#failures++;
    const { tries, firstDelayMs, longestDelayMs } = this.policy;
    const asked = error.retryAfterMs ?? 0;
    if (asked > longestDelayMs) {
      const minutes = Math.ceil(asked / 60_000);
      throw new CocaError('network', `${error.message}; it asks to wait ${minutes} min`, 'try again then', {
        cause: error,
      });
    }
    if (this.#failures >= tries) {
      throw new CocaError('network', `${error.message} (tried ${tries} times)`, error.hint, { cause: error });
    }
    // Many that were cut at once must not come back at once.
    const backOff = firstDelayMs * 2 ** (this.#failures - 1) * (0.75 + Math.random() / 2);
    return Math.max(asked, backOff);
  }

  /** @throws CocaError `interrupted` */
  async wait(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, this.signal ? { signal: this.signal } : {});
    } catch {
      throw new CocaError('interrupted', 'interrupted');
    }
  }
}

/** A try failed, and another follows after a while. */
export interface RetryEvent {
  readonly kind: 'retrying';
  readonly reason: string;
  readonly delayMs: number;
}

/**
 * Waits as a failure asks for, and says so first.
 * @throws as `Retries.next` and `Retries.wait`
 */
export async function* pauseAfter(error: unknown, retries: Retries): AsyncGenerator<RetryEvent, void> {
  const delayMs = retries.next(error);
  yield { kind: 'retrying', reason: (error as CocaError).message, delayMs };
  await retries.wait(delayMs);
}

/** Runs `work` until it succeeds or its failures are final. */
export async function* withRetries<T>(
  work: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): AsyncGenerator<RetryEvent, T> {
  const retries = new Retries(policy, signal);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      yield* pauseAfter(error, retries);
    }
  }
}
