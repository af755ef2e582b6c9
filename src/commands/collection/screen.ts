import { spawn } from 'node:child_process';
import type { CommandContext, Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { tileText } from '../../ui/picture/tiles.js';
import { foundLines, staticTiles } from '../../ui/search/grid.js';
import { showSearch } from '../../ui/search/show.js';
import { markWords, type SearchSource } from '../../ui/search/source.js';
import { canShow } from '../../ui/view/streams.js';
import { readImage } from '../io/sources.js';
import type { SearchResult } from './found.js';

/** Sides of a thumbnail in pixels. */
const SIDE = 256;

/**
 * Shows what a search found: to walk among, where there are keys, otherwise printed once. A list stays on the terminal.
 * @param openSession opens a session on a picture that was chosen
 * @throws CocaError `interrupted` for Ctrl-C
 */
export async function present(
  found: SearchResult,
  images: PictureKind | 'auto',
  context: CommandContext,
  openSession: (image: string) => Promise<Outcome>,
): Promise<void> {
  const { terminal, stdin, out, notice, onFound } = context;
  if (found.results.length === 0) {
    notice('nothing was found');
    return;
  }
  const kind = choosePictureKind(images, terminal);
  const source = searchSource(found, context);
  const lines = foundLines(source.pictures, terminal.columns, terminal.colors).map((line) => `${line}\n`);
  if (!canShow(terminal, stdin)) {
    if (kind !== 'none') await out.write(tileText(await staticTiles(source, kind, terminal)));
    await out.write(lines.join(''));
    return;
  }
  const left = await context.onScreen((streams) => showSearch(source, kind, terminal, streams));
  if (left === 'interrupt') throw new CocaError('interrupted', 'interrupted');
  await out.write(lines.join(''));
  if (left === 'quit') return;
  const { image } = found.results[left.chosen]!;
  if (onFound)
    onFound(
      found.results.map((result) => result.image),
      image,
    );
  else {
    await out.flush();
    await openSession(image);
  }
}

function searchSource({ query, by, results }: SearchResult, context: CommandContext): SearchSource {
  return {
    query,
    pictures: results.map(({ image, score, caption }) => ({
      name: image,
      // Sums of reciprocal ranks are small: what tells them apart are later digits.
      score: score.toFixed(by === 'image' ? 3 : 4),
      caption: caption === null ? undefined : markWords(caption, query),
    })),
    async thumbnail(at) {
      const input = await readImage(results[at]!.image, context);
      if ('error' in input) return undefined;
      const { loadPicture } = await import('../../model/image/load-picture.js');
      return loadPicture(input.bytes, { size: SIDE, resizeMode: 'longest' }).catch(() => undefined);
    },
    openFile: (at) => openFile(results[at]!.image),
  };
}

/** The program that opens a file with the one of its kind. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};

/** @returns what to say of it */
function openFile(name: string): Promise<string> {
  const [program, ...words] = OPENERS[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    // Its name cannot be taken for an option: names of pictures found begin with a folder's.
    const child = spawn(program, [...words, name], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(`${program}, which opens files, is not there`));
    child.once('spawn', () => {
      child.unref();
      resolve(`opened by ${program}`);
    });
  });
}
