import { CocaError } from '../../base/errors.js';
import { parseJson, parsePythonJson } from '../../base/json.js';
import { RegularFile } from '../../base/regular-file.js';
import { decodeText } from '../../base/text-decoding.js';

/** V8 makes no longer strings. */
const MAX_TEXT_BYTES = 2 ** 29 - 24;

/**
 * A JSON file as a whole.
 * @throws CocaError `not-found`, `unreadable`; `bad-data` for what is not JSON
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const file = await RegularFile.open(path);
  try {
    if (file.size > MAX_TEXT_BYTES) {
      throw new CocaError('bad-data', `${path} is larger than the 512 MiB that are read at once`, 'write it as .jsonl');
    }
    return parseJson(decodeText(await file.read(0, file.size), path), path, 'bad-data', parsePythonJson);
  } finally {
    await file.close();
  }
}
