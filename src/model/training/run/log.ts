import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exists } from '../../base/folders.js';
import { orWriteFailed, writeFully, writeWhole } from '../../base/whole-file.js';

export const LOG_FILE = 'log.jsonl';

/** What happened in a run, a JSON object a line: it can be read while the run goes on. */
export class RunLog {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * Opens the log of a run that stands at `step`. What an earlier process wrote of later steps is taken away: they are
   * taken again.
   * @returns the log, and the entries that stay
   */
  static async open(
    run: string,
    step: number,
  ): Promise<{ readonly log: RunLog; readonly entries: readonly LogEntry[] }> {
    const path = join(run, LOG_FILE);
    const entries = (await exists(path)) ? await keepUpTo(path, step) : [];
    const log = new RunLog(path, await orWriteFailed(path, open(path, 'a')));
    return { log, entries };
  }

  /** @throws CocaError `write-failed` */
  async write(entry: LogEntry): Promise<void> {
    await orWriteFailed(this.path, writeFully(this.file, Buffer.from(`${JSON.stringify(entry)}\n`)));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** All have the step that was the last when they happened. */
export interface LogEntry {
  readonly type: string;
  readonly step: number;
  readonly [field: string]: unknown;
}

async function keepUpTo(path: string, step: number): Promise<LogEntry[]> {
  const kept: LogEntry[] = [];
  await writeWhole(path, async (write) => {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      const entry = parse(line);
      if (entry === undefined || entry.step > step) continue;
      kept.push(entry);
      await write(Buffer.from(`${line}\n`));
    }
  });
  return kept;
}

/** Undefined for a line that was cut short by the end of its process. */
function parse(line: string): LogEntry | undefined {
  try {
    const entry = JSON.parse(line) as LogEntry;
    return typeof entry?.step === 'number' ? entry : undefined;
  } catch {
    return undefined;
  }
}
