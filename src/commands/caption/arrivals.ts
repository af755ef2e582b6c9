import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FSWatcher, watch } from 'chokidar';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { decodeName, encodeName, PICTURE_NAME } from '../../model/base/file-names.js';
import { isFolder } from '../../model/base/folders.js';
import { fileError } from '../../model/base/regular-file.js';
import { pictureNames } from '../io/sources.js';

/** A file is whole when nobody has written to it for so long. */
const SETTLED_MS = 1000;

/** How a file that is being written is asked for its size; no other is. */
const POLL_MS = 100;

/** @throws CocaError `not-found`, `usage` for what is no folder */
export async function requireFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  await stat(encodeName(path)).catch((error: unknown) => {
    throw fileError(path, error);
  });
  throw new CocaError('usage', `--watch-folder: ${path} is not a folder`, 'to caption one picture, name it alone');
}

export interface ArrivalOptions {
  /** Whether the folders below are watched, too. */
  readonly recursive: boolean;
  readonly signal: AbortSignal;
  /** Told once all that was there is known, and what comes is seen. */
  readonly onWatching: () => void;
  /** Told of what cannot be watched while the rest is. */
  readonly onProblem: (error: CocaError) => void;
}

/**
 * The pictures of a folder: those that are there, in the order of their names, then each as it comes, or is written anew, and is whole.
 * Links to pictures are pictures, links to folders are not gone through. What is in the making, by its name or since it is still written to, waits; a name that begins with a dot is no picture's.
 */
export class Arrivals {
  /** Of each name that was given, which state of the file that was. */
  readonly #given = new Map<string, string>();
  readonly #waiting: string[] = [];
  readonly #root: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #prefix: string;
  #failure: unknown;
  #wake: () => void = () => undefined;
  #rescan: NodeJS.Timeout | undefined;

  /** @param folder as names are to begin */
  constructor(
    private readonly folder: string,
    private readonly options: ArrivalOptions,
  ) {
    this.#root = resolve(folder);
    this.#prefix = `${folder.replace(/\/+$/, '')}/`;
  }

  /**
   * Never ends by itself.
   * @throws CocaError `interrupted`; `not-found` when the folder is removed; `unreadable` when it cannot be watched
   */
  async *names(): AsyncGenerator<string> {
    const { signal } = this.options;
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort, { once: true });
    const watcher = this.#watch();
    try {
      await new Promise<void>((ready) => {
        watcher.once('ready', ready);
        this.#wake = ready;
      });
      // What comes meanwhile is seen by the watcher, what was there by the walk, and what both see is given once.
      await this.#offerAll();
      this.options.onWatching();
      for (;;) {
        stopIfAborted(signal);
        if (this.#failure !== undefined) throw this.#failure;
        const name = this.#waiting.shift();
        if (name !== undefined) yield name;
        else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const timer of this.#timers) clearTimeout(timer);
      clearTimeout(this.#rescan);
      await watcher.close();
    }
  }

  /** Whether a file that was given has been removed or written anew since: then it is told of again, or there is nothing to tell. */
  async isOutdated(name: string): Promise<boolean> {
    return (await stateOf(name)) !== this.#given.get(name);
  }

  #watch(): FSWatcher {
    const watcher = watch(this.#root, {
      ignoreInitial: true,
      followSymlinks: false,
      awaitWriteFinish: { stabilityThreshold: SETTLED_MS, pollInterval: POLL_MS },
      ...(!this.options.recursive && { depth: 0 }),
      // Each file that is not ignored costs a watch of the system's.
      ignored: (path, stats) =>
        path !== this.#root &&
        (basename(path).startsWith('.') || (stats?.isFile() === true && !PICTURE_NAME.test(path))),
    });
    const offer = (path: string) => this.#settle(this.#offer(this.#nameOf(path)));
    watcher.on('add', offer).on('change', offer);
    const checkRoot = () => this.#settle(this.#requireRoot());
    watcher.on('unlinkDir', checkRoot);
    watcher.on('raw', (event, path) => {
      if (event === 'rename') checkRoot();
      // A name that is not UTF-8 cannot be told of; a walk finds it.
      if (!String(path).includes('\ufffd')) return;
      clearTimeout(this.#rescan);
      this.#rescan = setTimeout(() => this.#settle(this.#offerAll()), SETTLED_MS);
    });
    watcher.on('error', (error) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EMFILE') {
        const hint = 'raise it (Linux: sysctl fs.inotify.max_user_watches, ulimit -n), or watch a smaller folder';
        this.#fail(new CocaError('unreadable', `${this.folder}: the system's limit of watched files is reached`, hint));
      } else if (code !== 'ENOENT') this.options.onProblem(fileError(this.folder, error));
    });
    return watcher;
  }

  /** Asked at every change of names: chokidar does not tell that the folder itself goes where it was still there a moment ago. */
  async #requireRoot(): Promise<void> {
    if (await isFolder(this.#root)) return;
    throw new CocaError('not-found', `${this.folder} was removed while it was watched`);
  }

  async #offerAll(): Promise<void> {
    const isLinked = new Map<string, Promise<boolean>>();
    const root = await realpath(this.#root).catch((error: unknown) => {
      throw fileError(this.folder, error);
    });
    const begun = Date.now();
    for await (const name of pictureNames(this.folder, this.options.recursive)) {
      const below = relative(this.#root, resolve(dirname(name)));
      if (!isLinked.has(below)) isLinked.set(below, leadsElsewhere(dirname(name), join(root, below)));
      if (!(await isLinked.get(below))) await this.#offer(name, begun);
    }
  }

  /**
   * Gives a name unless this very state of its file was given, or it may still be written to.
   * @param before files that were written to before this time (in ms) and may not be whole are waited for, the others come later
   */
  async #offer(name: string, before = 0): Promise<void> {
    if (!PICTURE_NAME.test(name)) return;
    const state = await stateOf(name);
    if (state === undefined || state === this.#given.get(name)) return;
    const written = Number(state.split(' ', 1)[0]);
    const age = Date.now() - written;
    if (age >= 0 && age < SETTLED_MS && written < before) {
      const { signal } = this.options;
      await delay(SETTLED_MS - age, undefined, { signal }).catch(() => undefined);
      await this.#give(name, state);
    } else if (age >= 0 && age < SETTLED_MS) {
      // Written to once more, it has another state, and comes again.
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#settle(this.#give(name, state));
      }, SETTLED_MS - age);
      this.#timers.add(timer);
    } else await this.#give(name, state);
  }

  async #give(name: string, state: string): Promise<void> {
    // Several events may wait for one file: that it was given is asked last.
    if ((await stateOf(name)) !== state || state === this.#given.get(name)) return;
    this.#given.set(name, state);
    this.#waiting.push(name);
    this.#wake();
  }

  #nameOf(path: string): string {
    return this.#prefix + relative(this.#root, path).split(sep).join('/');
  }

  #settle(work: Promise<void>): void {
    work.catch((error: unknown) => this.#fail(error));
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    this.#wake();
  }
}

/** Whether a folder is reached by a link: the watcher goes through none, since it does not see where they lead in circles. */
async function leadsElsewhere(folder: string, expected: string): Promise<boolean> {
  const real = await realpath(encodeName(folder), { encoding: 'buffer' }).catch(() => undefined);
  return real === undefined || decodeName(real) !== expected;
}

/** What a file is known by as long as nobody writes to it, its modification time in ms first; undefined for what is not there, or a folder. */
async function stateOf(name: string): Promise<string | undefined> {
  const found = await stat(encodeName(name)).catch(() => undefined);
  return found === undefined || found.isDirectory() ? undefined : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
