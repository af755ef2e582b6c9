import { CocaError } from '../../base/errors.js';
import { RegularFile } from '../../base/regular-file.js';
import { indexShard } from '../formats/tar.js';
import { IMAGE_EXTENSIONS, type Span } from '../sample.js';
import { type Archive, MAX_MEMBER_BYTES, tooLargeMember } from './types.js';

/**
 * A tar archive. A picture is called as its member is, its extension in lower case; a sample without one, by its key.
 * @throws CocaError as `indexShard`
 */
export async function openTar(path: string): Promise<Archive> {
  const { samples, problem } = await indexShard(path);
  /** Where each picture is, or why it cannot be read. */
  const members = new Map<string, Span | string>();
  for (const { key, members: found, unread } of samples) {
    const extension = IMAGE_EXTENSIONS.find((candidate) => candidate in found || candidate in unread);
    const name = extension === undefined ? key : `${key}.${extension}`;
    if (extension === undefined) members.set(name, `no picture among its members (${Object.keys(found).join(', ')})`);
    else if (members.has(name)) members.set(name, `${name} is in the archive more than once`);
    else members.set(name, unread[extension] ?? found[extension]!);
  }
  return {
    *names() {
      for (const member of members.keys()) yield { member };
    },
    async read(member) {
      const name = `${path}/${member}`;
      const span = members.get(member);
      if (span === undefined) throw new CocaError('not-found', `no such picture in the archive: ${name}`);
      if (typeof span === 'string') throw new CocaError('bad-data', `${name}: ${span}`);
      if (span.end - span.start > MAX_MEMBER_BYTES) throw tooLargeMember(name);
      const file = await RegularFile.open(path);
      try {
        return Buffer.from((await file.read(span.start, span.end - span.start)).buffer);
      } finally {
        await file.close();
      }
    },
    ...(problem && { problem: new CocaError('bad-data', problem.message, 'make the archive anew to have the rest') }),
  };
}
