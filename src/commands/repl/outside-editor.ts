import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CocaError } from '../../model/base/errors.js';
import { quoteLine } from './line/words.js';
import { runOnTerminal } from './shell.js';

/** As other shells have it. */
const PLAIN_EDITOR = 'vi';

/**
 * A text as the user's editor leaves it ($VISUAL, else $EDITOR, which may have options), without the line end that editors add.
 * The editor has the terminal meanwhile.
 * @throws CocaError `usage` where it cannot be started or says that it failed
 */
export async function editOutside(text: string, signal: AbortSignal): Promise<string> {
  const editor = process.env.VISUAL || process.env.EDITOR || PLAIN_EDITOR;
  const folder = await mkdtemp(join(tmpdir(), 'coca-line-'));
  try {
    const file = join(folder, 'line.txt');
    await writeFile(file, `${text}\n`, { mode: 0o600 });
    const code = await runOnTerminal(`${editor} ${quoteLine([file])}`, signal);
    if (code !== 0)
      throw new CocaError('usage', `${editor}: ${code}, and the line is as it was`, '$EDITOR names another');
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
