import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Command } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { decodeName, encodeName, PICTURE_NAME } from '../../../model/base/file-names.js';
import { exists, isFolder } from '../../../model/base/folders.js';
import { fileError } from '../../../model/base/regular-file.js';
import { isUrl } from '../../../model/net/address.js';
import { visible } from '../../../ui/text.js';
import type { ReplSession } from '../session.js';
import { defineVerb } from './verb.js';

/** Verbs about where a session is. */
export function placeVerbs(session: ReplSession): readonly Command[] {
  const cd = defineVerb({
    name: 'cd',
    summary: 'goes to another folder; alone, to your own. What is open stays open',
    args: [{ name: 'FOLDER', description: 'where to', kind: 'folder', required: false, variadic: false }],
    async run({ args: [folder = homedir()] }, context) {
      const before = process.cwd();
      const model = session.settings.get('model');
      try {
        process.chdir(folder);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTDIR') throw new CocaError('not-found', `${folder} is no folder`);
        throw fileError(folder, error);
      }
      const here = process.cwd();
      session.pictures.rename((name) => (name === '-' || isUrl(name) ? name : seenFrom(here, resolve(before, name))));
      // A model that was named by its folder is still that one.
      if (model !== undefined && !isAbsolute(model) && (await exists(resolve(before, model)))) {
        session.settings.set('model', resolve(before, model));
      }
      session.actions.push({ argv: ['cd', folder], isShells: true });
      context.notice(visible(here));
      return undefined;
    },
  });

  const ls = defineVerb({
    name: 'ls',
    summary: 'the pictures and folders of a folder',
    args: [{ name: 'FOLDER', description: 'of which', kind: 'folder', required: false, variadic: false }],
    async run({ args: [folder = '.'] }, context) {
      const entries = await readdir(encodeName(folder), { encoding: 'buffer' }).catch((error) => {
        throw fileError(folder, error);
      });
      const names = entries.map(decodeName).filter((name) => !name.startsWith('.'));
      const shown: string[] = [];
      for (const name of names.sort()) {
        if (await isFolder(join(folder, name))) shown.push(`${name}/`);
        else if (PICTURE_NAME.test(name)) shown.push(name);
      }
      for (const name of shown) await context.out.line(visible(name));
      const others = names.length - shown.length;
      if (shown.length === 0) context.notice('no pictures and no folders here');
      if (others > 0) context.notice(`${others} other ${others === 1 ? 'file' : 'files'}`);
      return undefined;
    },
  });

  return [cd, ls];
}

/** A path as it is named from a folder: below it by the way to it, elsewhere from the root. */
function seenFrom(folder: string, path: string): string {
  const way = relative(folder, path);
  return way.startsWith('..') || isAbsolute(way) ? path : way;
}
