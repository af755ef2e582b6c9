import { isFolder } from '../../model/base/folders.js';
import { isUrl } from '../../model/net/address.js';
import { isPicture } from './check-inputs.js';

/**
 * What a command line means whose first word is a picture or a folder: on a terminal one picture is opened in a session; else, and
 * where there are several, they are captioned.
 */
export async function withCommand(argv: readonly string[], interactive: boolean): Promise<readonly string[]> {
  const [first] = argv;
  if (first === undefined || first.startsWith('-')) return argv;
  if (await isFolder(first)) return ['caption', ...argv];
  if (!isUrl(first) && !isPicture(first)) return argv;
  const isOne = !argv.slice(1).some((word) => isUrl(word) || isPicture(word));
  return [interactive && isOne ? 'repl' : 'caption', ...argv];
}
