import { appendFile, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CocaError } from '../../model/base/errors.js';
import { makeFolder } from '../../model/base/folders.js';
import { decodeText } from '../../model/base/text-decoding.js';
import { writeWhole } from '../../model/base/whole-file.js';

/** How many lines are recalled; the file is cut to them once it holds twice as many. */
const KEPT = 1000;
/** What was typed is private. */
const PRIVATE = 0o600;

/**
 * Where lines are remembered: `$COCA_HISTORY` (empty: nowhere), else the platform's folder for state.
 */
export function historyPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.COCA_HISTORY !== undefined) return env.COCA_HISTORY || undefined;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'coca', 'history');
  if (process.platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'coca', 'history');
  }
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'coca', 'history');
}

/** Lines that were typed, in this session and earlier ones. */
export class History {
  readonly #lines: string[];

  private constructor(
    private readonly path: string | undefined,
    lines: readonly string[],
  ) {
    this.#lines = [...lines];
  }

  /** Reads what was remembered. A file that is not there holds nothing; one that cannot be read is reported, and left alone. */
  static async load(path: string | undefined, complain: (text: string) => void): Promise<History> {
    if (path === undefined) return new History(undefined, []);
    try {
      const lines = decodeText(await readFile(path), path)
        .split('\n')
        .filter((line) => line !== '');
      if (lines.length > 2 * KEPT) {
        await writeWhole(path, (write) => write(Buffer.from(text(lines.slice(-KEPT)))), PRIVATE);
      }
      return new History(path, lines.slice(-KEPT));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return new History(path, []);
      complain(`lines are not remembered: ${error instanceof CocaError ? message : `${path}: ${code ?? message}`}`);
      return new History(undefined, []);
    }
  }

  /** From the oldest to the newest. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Remembers a line, unless it is the last one again or begins with a space; sessions side by side each append theirs. */
  async add(line: string): Promise<void> {
    if (line.trim() === '' || line.startsWith(' ') || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.path === undefined) return;
    await makeFolder(dirname(this.path));
    await appendFile(this.path, text([line]), { mode: PRIVATE });
  }
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
