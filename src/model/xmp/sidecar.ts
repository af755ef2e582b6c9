import { realpath, stat } from 'node:fs/promises';
import { decodeName, encodeName } from '../base/file-names.js';
import { hasEntry } from '../base/folders.js';
import { decodeText, encodeText, type TextStart, textStart } from '../base/text-decoding.js';
import { readSmallFile } from '../base/text-file.js';
import { writeWhole } from '../base/whole-file.js';
import { type Known, mergeXmp, newXmp, readXmp, type Said } from './merge.js';

/** No sidecar is larger: those with masks and histories have a few megabytes. */
const LARGEST = 16 * 2 ** 20;

/**
 * What a sidecar says; undefined where there is none.
 * @throws CocaError `unreadable`
 */
export async function readSidecar(path: string): Promise<Known | undefined> {
  const text = await readText(path);
  return text && readXmp(text.text, path);
}

/**
 * Makes a sidecar say something, as `mergeXmp` does. It is written whole or not at all, and not where nothing changes.
 * @throws CocaError `unreadable`, `write-failed`
 */
export async function writeSidecar(path: string, said: Said, overwrite: boolean): Promise<void> {
  const before = await readText(path);
  const text = before ? mergeXmp(before.text, said, overwrite, path) : newXmp(said);
  if (text === before?.text) return;
  // A link stays one: what it leads to is replaced.
  const target = before ? decodeName(await realpath(encodeName(path), { encoding: 'buffer' })) : path;
  const mode = before && (await stat(encodeName(path))).mode;
  const bytes = before ? encodeText(text, before) : Buffer.from(text);
  await writeWhole(target, (write) => write(bytes), mode, encodeName);
}

async function readText(path: string): Promise<(TextStart & { readonly text: string }) | undefined> {
  if (!(await hasEntry(path))) return undefined;
  const bytes = await readSmallFile(path, 'sidecar', LARGEST);
  return { text: decodeText(bytes, path), ...textStart(bytes) };
}
