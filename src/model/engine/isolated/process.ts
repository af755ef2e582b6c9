import { type ChildProcess, fork } from 'node:child_process';
import { CocaError, errorFrom } from '../../base/errors.js';
import type { Remark } from '../remark.js';
import { LastWords } from './last-words.js';
import type { CallName, EngineCalls, Following, Request, Response } from './protocol.js';

/** The process runs what was built, also where this module runs from source. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../../../dist/model/engine/isolated/child.js' : './child.js',
  import.meta.url,
);

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly tell: ((part: unknown) => void) | undefined;
}

/** An engine in a process of its own: if it crashes, calls fail, and nothing else does. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended = new AbortController();
  readonly #lastWords: LastWords;
  readonly #closed: Promise<void>;
  #calls = 0;
  /** Why no call can be answered any more. */
  #end: Error | undefined;

  /** @throws CocaError `engine` when the system starts no more processes */
  static async start(onRemark: (remark: Remark) => void): Promise<EngineProcess> {
    return new EngineProcess(await start(), onRemark);
  }

  private constructor(child: ChildProcess, onRemark: (remark: Remark) => void) {
    this.#child = child;
    this.#lastWords = new LastWords(child.stderr!);
    child.on('message', (response: Response) => {
      if ('remark' in response) return onRemark(response.remark);
      const waiting = this.#waiting.get(response.id);
      if ('part' in response) return waiting?.tell?.(response.part);
      this.#waiting.delete(response.id);
      if ('error' in response) waiting?.reject(errorFrom(response.error));
      else waiting?.resolve(response.result);
    });
    // One that cannot be talked to is of no use, should it still run.
    child.on('disconnect', () => child.kill('SIGKILL'));
    // Whatever cannot be sent or ended, its end answers for.
    child.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      // Not at its exit: what it answered and wrote before may still be on the way.
      child.on('close', (code, signal) => {
        this.#fail(endedError(code, signal, this.#lastWords.text));
        resolve();
      });
    });
    // Should this process leave without a word, the other need not finish what it computes.
    const kill = () => child.kill('SIGKILL');
    process.on('exit', kill);
    this.#closed.then(() => process.off('exit', kill));
  }

  /** Aborted when the process has ended though it was not closed, with the error that calls meet. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The process's number. */
  get pid(): number {
    return this.#child.pid!;
  }

  /**
   * Makes a call in the process.
   * @throws what it throws there; CocaError `engine` when the process has ended
   */
  call<N extends CallName>(name: N, ...args: Parameters<EngineCalls[N]>): ReturnType<EngineCalls[N]> {
    return this.follow({}, name, ...args);
  }

  /** `call`, told how far it has come meanwhile; once its signal is aborted, the process is told to stop it, and answers as it can. */
  follow<N extends CallName, Part>(
    { tell, signal }: Following<Part>,
    name: N,
    ...args: Parameters<EngineCalls[N]>
  ): ReturnType<EngineCalls[N]> {
    const id = this.#calls++;
    const request: Request = { id, name, args, isFollowed: tell !== undefined };
    const stop = (): void => this.#send({ stop: id });
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      // Whatever it wrote so far was not what a later call ended with.
      this.#lastWords.forget();
      this.#send(request);
      this.#waiting.set(id, { resolve, reject, tell: tell as Waiting['tell'] });
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop);
    }).finally(() => signal?.removeEventListener('abort', stop));
    return answer as ReturnType<EngineCalls[N]>;
  }

  #send(request: Request): void {
    // Where it cannot be received, the end of the process answers.
    this.#child.send(request, () => undefined);
  }

  /** Ends the process, whatever it does. */
  async close(): Promise<void> {
    this.#end ??= new Error('the network was released');
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #fail(error: CocaError): void {
    const isExpected = this.#end !== undefined;
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
    if (!isExpected) this.#ended.abort(error);
  }
}

async function start(): Promise<ChildProcess> {
  try {
    const child = fork(PROGRAM, {
      serialization: 'advanced',
      // What it writes would end up in the middle of what is on the terminal.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Limits of memory hold there, too; how else this process was started (--input-type, --inspect, --watch) cannot.
      execArgv: process.execArgv.filter((flag) => flag.startsWith('--max-')),
    });
    // One that was not started says why in a moment. Never end one: without a number, that ends this program's own group.
    if (child.pid === undefined) await new Promise((_, reject) => child.once('error', reject));
    return child;
  } catch (cause) {
    const message = `the engine's process cannot be started: ${(cause as Error).message}`;
    throw new CocaError('engine', message, 'close other programs, or files of this one: some limit is reached', {
      cause,
    });
  }
}

/** What to do about an end by one of these. */
const ADVICE: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'the system does that when memory runs short: close other programs, or take a smaller model or batch',
  SIGBUS: 'its weights were changed or cannot be read any more: once the file is whole, load the model anew',
};

function endedError(code: number | null, signal: NodeJS.Signals | null, lastWords: string | undefined): CocaError {
  const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  const said = lastWords === undefined ? '' : `, after writing: ${lastWords}`;
  const hint =
    (signal && ADVICE[signal]) ??
    'the model is loaded anew when it is next used; if that ends likewise, another --engine or --device may run it';
  return new CocaError('engine', `the engine's process ${how}${said}`, hint);
}
