import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '../model/checkpoint/index.js';
import { CocaError } from '../model/errors.js';
import { makeFolder } from '../model/folders.js';
import { enlargeMap, overlay } from '../ui/heat.js';
import type { Raster } from '../ui/picture.js';
import { attentionTensors } from './attend-arrays.js';
import { contactSheet } from './attend-contact.js';
import { type AttendResult, attendLines, wordMap } from './attend-result.js';

/** Sides of an overlay, in pixels: at least this, so that small models' pictures are worth looking at. */
export const OVERLAY_SIZE = 448;
const OPACITY = 0.7;
const LONGEST_NAME = 40;

/**
 * Writes what is known about a caption's words into a folder, which is made when needed: `01-word.png` and so on (the
 * square that the model sees with the word's map over it), `contact.png` (all of them), `words.tsv` (the lines that
 * plain output gives, with the file of each) and `attention.safetensors`. Files of those names are replaced, others left.
 * @param square the square that the model sees, in the resolution to draw in
 * @returns how many overlays there are
 * @throws CocaError `write-failed`
 */
export async function writeAttendFiles(folder: string, result: AttendResult, square: Raster): Promise<number> {
  const { default: sharp } = await import('sharp');
  const at = (name: string): string => join(folder, name);
  try {
    await outputFolder(folder);
    const { grid } = result.attention.maps;
    const names: string[] = [];
    const overlays: Raster[] = [];
    for (const [i, word] of result.words.entries()) {
      const { map } = wordMap(result.attention, word, result.choice);
      const rgb = overlay(square, enlargeMap(map, grid, square.size), OPACITY);
      overlays.push({ size: square.size, rgb });
      names.push(`${String(i + 1).padStart(2, '0')}-${safeName(word.text)}.png`);
      const png = sharp(rgb, { raw: { width: square.size, height: square.size, channels: 3 } }).png();
      await writeFile(at(names[i]!), await png.toBuffer());
    }
    const labels = result.words.map(({ text }) => text);
    await writeFile(at('contact.png'), await contactSheet(square, overlays, labels));
    const lines = attendLines(result).map((line, i) => `${line}\t${names[i]}\n`);
    await writeFile(at('words.tsv'), `word\tpeak_x\tpeak_y\tentropy\tfile\n${lines.join('')}`);
    const { tensors, metadata } = attentionTensors(result);
    await writeSafetensors(at('attention.safetensors'), tensors, metadata);
    return names.length;
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('write-failed', `${folder} cannot be written: ${(cause as Error).message}`, undefined, {
      cause,
    });
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

/** A word as a part of a file name on any system: letters and digits stay, everything else is a dash. */
export function safeName(word: string): string {
  const name = word
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return [...name].slice(0, LONGEST_NAME).join('') || 'word';
}
