import { join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { ownerText, tryLock } from '../../base/processes/folder-lock.js';

const LOCK_FILE = 'run.lock';

/**
 * Makes a folder this process's own to write checkpoints in. A lock that a dead process left behind is taken over.
 * @returns what gives it back
 * @throws CocaError `write-failed` while another run has it
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const attempt = await tryLock(folder, LOCK_FILE);
  if (attempt.release) return attempt.release;
  throw new CocaError(
    'write-failed',
    `another run writes in ${folder} (${ownerText(attempt.owner)})`,
    `Choose another folder, or wait for it to end. If it is gone for certain, remove ${join(folder, LOCK_FILE)}.`,
  );
}
