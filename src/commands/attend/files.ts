import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../../model/base/errors.js';
import { makeFolder } from '../../model/base/folders.js';
import { writeSafetensors } from '../../model/checkpoint/index.js';
import { mapOver } from '../../ui/picture/heat.js';
import type { Raster } from '../../ui/picture/raster.js';
import { variantOf } from '../io/model.js';
import { pngOf } from '../io/page/png.js';
import { safeName } from '../io/save-names.js';
import { attentionTensors } from './arrays.js';
import { choiceFields } from './choice.js';
import { contactSheet } from './contact.js';
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
 * caption, model, method, layer and head they are.
 * @param square the square that the model sees, in the resolution to draw in
 * @returns how many overlays there are
 * @throws CocaError `write-failed`
 */
export async function writeAttendFiles(folder: string, result: AttendResult, square: Raster): Promise<number> {
  const at = (name: string): string => join(folder, name);
  return orFolderFailed(folder, async () => {
    await outputFolder(folder);
    const { grid } = result.attention.maps;
    const names: string[] = [];
    const overlays: Raster[] = [];
    const labels: string[] = [];
    for (const [i, word] of result.words.entries()) {
      const measured = wordMap(result.attention, word, result.choice);
      const rgb = mapOver(square, measured, grid);
      overlays.push({ size: square.size, rgb });
      labels.push(measured.isFlat ? `${word.text} (flat)` : word.text);
      names.push(`${String(i + 1).padStart(2, '0')}-${safeName(word.text)}.png`);
      await writeFile(at(names[i]!), await pngOf(overlays[i]!));
    }
    // The picture itself comes first; the others are numbered as in words.tsv.
    const tiles = overlays.map((picture, i) => ({ picture, label: { number: i + 1, text: labels[i]! } }));
    await writeFile(at('contact.png'), await contactSheet([{ picture: square }, ...tiles]));
    const lines = attendLines(result).map((line, i) => `${line}\t${names[i]}\n`);
    await writeFile(at('words.tsv'), `word\tpeak_x\tpeak_y\tentropy\tfile\n${lines.join('')}`);
    const { tensors, metadata } = attentionTensors(result);
    await writeSafetensors(at(ARRAYS), tensors, metadata);
    await writeFile(at(RECORD), `${JSON.stringify(recordOf(result, names), null, 2)}\n`);
    return names.length;
  });
}

function recordOf({ attention, choice, erased, ...result }: AttendResult, files: readonly string[]): object {
  const { image, caption, coca, picture } = result;
  const { grid } = attention.maps;
  const of = { model: coca.name, device: coca.device, ...variantOf(coca) };
  const less = erased && { erased };
  return { image, caption, ...choiceFields(choice), grid: [grid, grid], crop: picture.crop, ...less, ...of, files };
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
