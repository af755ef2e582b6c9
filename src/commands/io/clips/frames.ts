import { resolve } from 'node:path';
import type { CommandContext } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { encodeName } from '../../../model/base/file-names.js';
import { isFolder } from '../../../model/base/folders.js';
import { fileError } from '../../../model/base/regular-file.js';
import { SNIFFED_BYTES, sniffImage } from '../../../model/image/sniff.js';
import { isUrl } from '../../../model/net/address.js';
import { DEFAULT_FRAMES, evenly } from '../../../model/video/clip.js';
import type { FrameFile } from '../../../model/video/film.js';
import { type Demuxer, movingKind, videoKind } from '../../../model/video/kinds.js';
import { MAX_INPUT_BYTES, readRegularFile, readStart } from '../files.js';
import { noPictures, picturesIn } from '../sources.js';
import type { ClipChoice } from './clips.js';

/**
 * The frames of a clip that is told by its name alone: a video by its first bytes, or a folder where frames were asked for.
 * @returns undefined for whatever else
 * @throws CocaError as `filmFrames` and `readRegularFile`; `not-found` for a folder without pictures
 */
export async function namedFrames(
  name: string,
  { frames }: ClipChoice,
  { signal }: CommandContext,
): Promise<readonly FrameFile[] | undefined> {
  if (name === '-' || isUrl(name)) return undefined;
  if (frames !== undefined && (await isFolder(name))) return folderFrames(name, frames);
  const start = readStart(name, SNIFFED_BYTES);
  const kind = start && videoKind(start);
  return kind && filmOf(name, kind, frames ?? DEFAULT_FRAMES, signal);
}

/**
 * The frames of a picture that moves, where frames were asked for.
 * @returns undefined for one that does not move
 * @throws CocaError as `animationFrames` and `filmFrames`
 */
export async function movingFrames(
  name: string,
  bytes: Uint8Array,
  { frames }: ClipChoice,
  { signal }: CommandContext,
): Promise<readonly FrameFile[] | undefined> {
  if (frames === undefined) return undefined;
  const format = sniffImage(bytes);
  if (format === 'gif' || format === 'webp') {
    return (await import('../../../model/video/animation.js')).animationFrames(format, bytes, frames);
  }
  const kind = movingKind(bytes);
  if (kind === undefined) return undefined;
  if (name === '-' || isUrl(name)) {
    throw new CocaError('unreadable', 'a moving AVIF or PNG is read by ffmpeg, from a file', 'save it first');
  }
  return filmOf(name, kind, frames, signal);
}

async function filmOf(
  name: string,
  demuxer: Demuxer,
  frames: number,
  signal: AbortSignal,
): Promise<readonly FrameFile[]> {
  if (typeof encodeName(name) !== 'string') {
    throw new CocaError('unreadable', `${name}: ffmpeg takes names in UTF-8 alone`, 'rename the file');
  }
  const { filmFrames } = await import('../../../model/video/film.js');
  return filmFrames({ name, path: resolve(name), demuxer }, frames, { signal });
}

/** The pictures of a folder as the frames of one clip, by the order of their names; only those that are taken are read. */
async function folderFrames(folder: string, wanted: number): Promise<readonly FrameFile[]> {
  const names: string[] = [];
  try {
    for await (const { name } of picturesIn(folder, false)) names.push(name);
  } catch (error) {
    throw fileError(folder, error);
  }
  if (names.length === 1 && names[0] === folder) throw noPictures(folder);
  const frames: FrameFile[] = [];
  for (const index of evenly(names.length, wanted)) {
    frames.push({ index, time: null, bytes: await readRegularFile(names[index]!, MAX_INPUT_BYTES) });
  }
  return frames;
}
