import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeasuredMap } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import { makeFolder } from '../../model/base/folders.js';
import { writeSafetensors } from '../../model/checkpoint/index.js';
import type { Word } from '../../model/tokenizer/words.js';
import { mapOver } from '../../ui/picture/heat.js';
import type { Raster } from '../../ui/picture/raster.js';
import { variantOf } from '../io/model.js';
import { pngOf } from '../io/page/png.js';
import { safeName } from '../io/save-names.js';
import { attentionTensors } from './arrays.js';
import { choiceFields } from './choice.js';
import { wordClip } from './clip.js';
import { contactSheet, type SheetTile } from './contact.js';
import { type AttendResult, attendLines, wordMap } from './result.js';

/** Says what made the other files, and which they are. */
const RECORD = 'attention.json';
/** What else a save is known by: one of an earlier version has no record. */
const ARRAYS = 'attention.safetensors';

/** What `writeAttendFiles` writes beside the overlays. */
export const FILES_BESIDE = ['contact.png', 'words.tsv', ARRAYS, RECORD] as const;

/**
 * Makes a folder that maps are to be saved in.
 * @param isForced whether the files of an earlier save are removed, and otherwise refused
 * @throws CocaError `usage` for a folder that holds a save; `write-failed`
 */
export async function prepareFolder(folder: string, isForced: boolean): Promise<void> {
  await orFolderFailed(folder, async () => {
    await outputFolder(folder);
    const there = await readdir(folder);
    if (!there.includes(RECORD) && !there.includes(ARRAYS)) return;
    if (!isForced) {
      throw new CocaError(
        'usage',
        `${folder} holds saved maps already`,
        '--force replaces them; or name another folder',
      );
    }
    const earlier = await filesOf(join(folder, RECORD));
    for (const name of [...FILES_BESIDE, ...earlier]) await rm(join(folder, name), { force: true });
  });
}

/** The overlays of an earlier save; none where its record does not tell. */
async function filesOf(record: string): Promise<string[]> {
  const text = await readFile(record, 'utf8').catch(() => '{}');
  let files: unknown;
  try {
    files = (JSON.parse(text) as { files?: unknown } | null)?.files;
  } catch {
    return [];
  }
  const isOverlay = (name: unknown): name is string => typeof name === 'string' && /^\d+-[^/\\]+\.png$/.test(name);
  return Array.isArray(files) ? files.filter(isOverlay) : [];
}

/**
 * Writes what is known about a caption's words into a folder, which is made when needed: `01-word.png` and so on (the
 * square that the model sees with the word's map over it), `contact.png` (all of them), `words.tsv` (the lines that
 * plain output gives, with the file of each), `attention.safetensors`, and `attention.json`, which says of which picture,
 * caption, model, method, layer and head they are. Of a clip there is an overlay for each frame, `01-word-0012.png`, by the frame's index.
 * @returns how many overlays there are
 * @throws CocaError `write-failed`
 */
export async function writeAttendFiles(folder: string, result: AttendResult): Promise<number> {
  const at = (name: string): string => join(folder, name);
  return orFolderFailed(folder, async () => {
    await outputFolder(folder);
    const { grid } = result.attention.maps;
    const squares: Raster[] = [];
    for (const { square } of result.clip ?? [result]) squares.push(await square());
    const names: string[][] = [];
    const tiles: SheetTile[] = [];
    for (const [i, word] of result.words.entries()) {
      const own: string[] = [];
      for (const [f, measured] of mapsOf(result, word).entries()) {
        const picture = { size: squares[f]!.size, rgb: mapOver(squares[f]!, measured, grid) };
        const frame = result.clip ? `-${String(result.clip[f]!.index).padStart(4, '0')}` : '';
        own.push(`${String(i + 1).padStart(2, '0')}-${safeName(word.text)}${frame}.png`);
        tiles.push({ picture, label: { number: i + 1, text: measured.isFlat ? `${word.text} (flat)` : word.text } });
        await writeFile(at(own[f]!), await pngOf(picture));
      }
      names.push(own);
    }
    // The picture itself comes first, or a row of frames; the others are numbered as in words.tsv.
    const sheet = [...squares.map((picture) => ({ picture })), ...tiles];
    await writeFile(at('contact.png'), await contactSheet(sheet, result.clip?.length));
    const lines = attendLines(result).map((line, i) => `${line}\t${names[i]!.join(' ')}\n`);
    const columns = ['word', 'peak_x', 'peak_y', 'entropy', ...(result.clip ? ['frame'] : []), 'file'];
    await writeFile(at('words.tsv'), `${columns.join('\t')}\n${lines.join('')}`);
    const { tensors, metadata } = attentionTensors(result);
    await writeSafetensors(at(ARRAYS), tensors, metadata);
    await writeFile(at(RECORD), `${JSON.stringify(recordOf(result, names.flat()), null, 2)}\n`);
    return tiles.length;
  });
}

/** A word's map, or those of a clip's frames. */
function mapsOf({ attention, choice, clip }: AttendResult, word: Word): readonly MeasuredMap[] {
  return clip ? wordClip(attention, word, choice).frames : [wordMap(attention, word, choice)];
}

function recordOf({ attention, choice, erased, clip, ...result }: AttendResult, files: readonly string[]): object {
  const { image, caption, coca, picture } = result;
  const { grid } = attention.maps;
  const of = { model: coca.name, device: coca.device, ...variantOf(coca) };
  const less = erased && { erased };
  const seen = clip
    ? { frames: clip.map(({ index, time, picture: { crop } }) => ({ index, time, crop })) }
    : { crop: picture.crop };
  return { image, caption, ...choiceFields(choice), grid: [grid, grid], ...seen, ...less, ...of, files };
}

async function orFolderFailed<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    const message = `${folder} cannot be written: ${(cause as Error).message}`;
    throw new CocaError('write-failed', message, undefined, { cause });
  }
}

/** Makes the folder, unless something else has its name. */
async function outputFolder(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there && !there.isDirectory()) {
    throw new CocaError('write-failed', `${folder} is there already and is no folder`, 'name another with --output');
  }
  await makeFolder(folder);
}
