import { join } from 'node:path';
import { RegularFile } from '../base/regular-file.js';
import { CARD_FILE } from './model-files.js';

/** What a model card says that matters before a model is used. */
export interface ModelCard {
  /** As the card names it: an SPDX-like word of the hub's list, or the name of a licence of its own. */
  readonly license?: string;
}

/** Cards are pages of text. */
const MAX_BYTES = 4 * 2 ** 20;

/** Reads a folder's model card; an empty one where there is none. */
export async function readCard(folder: string): Promise<ModelCard> {
  let file: RegularFile | undefined;
  try {
    file = await RegularFile.open(join(folder, CARD_FILE));
    return file.size > MAX_BYTES ? {} : parseCard(Buffer.from(await file.read(0, file.size)).toString('utf8'));
  } catch {
    return {};
  } finally {
    await file?.close();
  }
}

/**
 * The licence in a card's YAML front matter: `license: mit`, a list of such, or `license: other` with a `license_name`.
 * https://huggingface.co/docs/hub/model-cards#model-card-metadata
 */
export function parseCard(text: string): ModelCard {
  const front = /^\ufeff?---\r?\n(?<front>[\s\S]*?)\r?\n---/.exec(text)?.groups?.front;
  if (front === undefined) return {};
  const license = valuesOf(front, 'license');
  const name = valuesOf(front, 'license_name');
  const found = license[0] === 'other' && name.length > 0 ? name : license;
  return found.length > 0 ? { license: found.join(', ').slice(0, 200) } : {};
}

/** The scalar, or the items of the list, that stands for a key at the top of simple YAML. */
function valuesOf(yaml: string, key: string): string[] {
  const lines = yaml.split(/\r?\n/);
  const start = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (start < 0) return [];
  const plain = (value: string) =>
    value
      .replace(/\s#.*$/, '')
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2');
  const inline = plain(lines[start]!.slice(key.length + 1));
  if (inline !== '')
    return inline
      .replace(/^\[|\]$/g, '')
      .split(',')
      .map(plain)
      .filter(Boolean);
  const items: string[] = [];
  for (const line of lines.slice(start + 1)) {
    const item = /^\s*-\s+(.+)$/.exec(line)?.[1];
    if (item === undefined) break;
    items.push(plain(item));
  }
  return items;
}
