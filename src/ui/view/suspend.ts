import { setTimeout as wait } from 'node:timers/promises';

/** What has the terminal, and can lend it to the shell for a while. */
export interface TerminalHolder {
  /** Puts the terminal in order, as at the end. */
  leave(): Promise<void> | void;
  /** Takes it again, and draws all of it: what is there now is unknown. */
  enter(): void;
}

/**
 * A signal that has come to a group of processes without job control is discarded: then nothing stops, and nothing will say that
 * it goes on. This is not waited for while the process is stopped.
 */
const UNTIL_STOPPED_MS = 50;

const canStop = process.platform !== 'win32';

/**
 * Ctrl-Z in raw mode is a key, and without care a stop leaves the shell in raw mode on another screen. So the terminal is put in
 * order first, then the whole group of processes stops, as the terminal itself would stop it (the shell waits for what started
 * this one, say npx); when it goes on (fg), the terminal is taken again. The same holds for the signal, whoever sends it, and for a
 * SIGSTOP, of which one hears only when it is over.
 */
export class Suspension {
  #isSuspended = false;
  readonly #onStop = (): void => void this.suspend();
  readonly #onContinue = (): void => void this.#comeBack();

  constructor(private readonly holder: TerminalHolder) {}

  /** From here on signals are heard. @returns how to stop that */
  follow(): () => void {
    if (!canStop) return () => undefined;
    process.on('SIGTSTP', this.#onStop).on('SIGCONT', this.#onContinue);
    return () => {
      process.off('SIGTSTP', this.#onStop).off('SIGCONT', this.#onContinue);
    };
  }

  /** After a stop that was not heard of. */
  async #comeBack(): Promise<void> {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    await this.holder.leave();
    this.#enter();
  }

  #enter(): void {
    this.#isSuspended = false;
    this.holder.enter();
    // A window that changed in the meantime told the shell, not this process: Node asks for the size when it hears this.
    process.kill(process.pid, 'SIGWINCH');
  }

  /** Stops until the shell lets it go on. */
  async suspend(): Promise<void> {
    if (!canStop || this.#isSuspended) return;
    this.#isSuspended = true;
    await this.holder.leave();
    const listeners = process.listeners('SIGTSTP');
    process.removeAllListeners('SIGTSTP');
    process.kill(0, 'SIGTSTP');
    await wait(UNTIL_STOPPED_MS);
    for (const listener of listeners) process.on('SIGTSTP', listener);
    this.#enter();
  }
}
