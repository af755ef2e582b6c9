import { type ChildProcess, spawn } from 'node:child_process';
import { CocaError } from '../base/errors.js';

/** What another program may use. */
export interface Bounds {
  /** The most bytes that it may write. */
  readonly output: number;
  readonly milliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Finished {
  readonly stdout: Buffer;
  /** The beginning of what it complained about. */
  readonly complaint: string;
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
}

/** Of what a program complains, so much is kept. */
const COMPLAINT_BYTES = 4096;

/**
 * Runs a program of the PATH to its end, without a shell. It reads nothing of our stdin, and is a process group of its own, so that
 * what it starts ends with it: when time is over, when it writes too much, when `signal` is aborted, and when this process ends.
 * @param of what the program is run for, to begin error messages with
 * @throws CocaError `missing-program`; `bad-video` beyond the bounds; `interrupted`
 */
export async function runBounded(
  program: string,
  args: readonly string[],
  of: string,
  { output, milliseconds, signal }: Bounds,
): Promise<Finished> {
  if (signal?.aborted) throw new CocaError('interrupted', 'interrupted');
  return new Promise((resolve, reject) => {
    const isGroup = process.platform !== 'win32';
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: isGroup, windowsHide: true });
    const chunks: Buffer[] = [];
    const complaints: Buffer[] = [];
    let [written, complained] = [0, 0];
    const end = (): void => kill(child, isGroup);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      process.removeListener('exit', end);
    };
    const fail = (error: CocaError): void => {
      settle();
      end();
      child.stdout.destroy();
      child.stderr.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new CocaError('interrupted', 'interrupted'));
    const timer = setTimeout(
      () => fail(new CocaError('bad-video', `${of}: ${program} had not done after ${milliseconds / 1000} s`)),
      milliseconds,
    );
    signal?.addEventListener('abort', onAbort);
    process.on('exit', end);
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk.length;
      if (written > output) fail(new CocaError('bad-video', `${of}: ${program} wrote more than ${output} bytes`));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (complained < COMPLAINT_BYTES) complaints.push(chunk.subarray(0, COMPLAINT_BYTES - complained));
      complained += chunk.length;
    });
    child.on('error', (cause: NodeJS.ErrnoException) => fail(notStarted(program, of, cause)));
    child.on('close', (status) => {
      settle();
      resolve({ stdout: Buffer.concat(chunks), complaint: Buffer.concat(complaints).toString('utf8').trim(), status });
    });
  });
}

function kill(child: ChildProcess, isGroup: boolean): void {
  if (child.pid === undefined) return;
  try {
    if (isGroup) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function notStarted(program: string, of: string, cause: NodeJS.ErrnoException): CocaError {
  if (cause.code === 'ENOENT') {
    return new CocaError(
      'missing-program',
      `${of} is a video, and ${program}, which reads videos, is not on the PATH`,
      'install ffmpeg (https://ffmpeg.org; apt install ffmpeg, brew install ffmpeg); GIF and WebP need none, nor a folder of frames',
      { cause },
    );
  }
  return new CocaError('missing-program', `${of}: ${program} cannot be started: ${cause.message}`, undefined, {
    cause,
  });
}
