import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Coca } from '../api.js';
import { conceptsFolder } from '../base/cache.js';
import { stopIfAborted } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { dot } from '../base/vectors.js';
import { writeWhole } from '../base/whole-file.js';
import { split } from '../encoding.js';
import { nounPhrase } from '../scenes/world/grammar.js';
import { BACKGROUNDS, NUMBERS, THINGS } from '../scenes/world/things.js';
import type { CutTexts } from '../tokenizer/usable.js';

/** Texts that embeddings are told in. */
export interface ConceptList {
  readonly name: string;
  readonly texts: readonly string[];
}

const COMMON_WORDS = new URL('../../../assets/concepts.txt', import.meta.url);

/** Common nouns, adjectives and verbs of English (scripts/concepts.mjs). */
export async function commonWords(): Promise<ConceptList> {
  const text = await readFile(COMMON_WORDS, 'utf8');
  return { name: 'common words', texts: text.split('\n').filter((line) => line !== '') };
}

/** What the scenes' world can show, as their captions put it: things, numbers of them, backgrounds. */
export function worldConcepts(): ConceptList {
  const counts = [1, ...NUMBERS.keys()];
  const things = THINGS.flatMap((_, thing) => counts.map((count) => nounPhrase({ thing, count })));
  return {
    name: 'the words of the scenes',
    texts: [...things, ...[...BACKGROUNDS.keys()].map((name) => `${name} background`)],
  };
}

/** Texts that go through the model at once. */
const BATCH = 256;

/**
 * Embeddings of concepts, kept in the cache by the model's weights, their precision and the list: they are made once.
 * @throws CocaError as `encodeTexts`; `interrupted`. A cache that cannot be written is no error.
 */
export async function conceptEmbeddings(
  coca: Pick<Coca, 'fingerprint' | 'encodeTexts' | 'precision' | 'config'>,
  { texts }: ConceptList,
  {
    signal,
    onProgress,
    ...cut
  }: CutTexts & {
    readonly signal?: AbortSignal;
    readonly onProgress?: (part: number) => void;
  } = {},
): Promise<readonly Float32Array[]> {
  const list = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
  const name = `${(await coca.fingerprint()).slice(0, 32)}-${coca.precision}-${list}.f32`;
  const path = join(conceptsFolder(), name);
  const kept = await readEmbeddings(path, texts.length, coca.config.embed_dim);
  if (kept) return kept;
  const embeddings: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += BATCH) {
    stopIfAborted(signal, 'stopped before all concepts were embedded');
    onProgress?.(start / texts.length);
    embeddings.push(...(await coca.encodeTexts(texts.slice(start, start + BATCH), cut)));
  }
  await keep(path, embeddings);
  return embeddings;
}

/** What was kept, where it is whole: unit vectors, as many as there are texts. */
async function readEmbeddings(path: string, count: number, width: number): Promise<Float32Array[] | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes?.length !== count * width * 4) return undefined;
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const vectors = split(values, count);
  return vectors.every((vector) => Math.abs(dot(vector, vector) - 1) < 1e-3) ? vectors : undefined;
}

async function keep(path: string, embeddings: readonly Float32Array[]): Promise<void> {
  try {
    await makeFolder(conceptsFolder());
    await writeWhole(path, async (write) => {
      for (const { buffer, byteOffset, byteLength } of embeddings)
        await write(new Uint8Array(buffer, byteOffset, byteLength));
    });
  } catch {
    // They can be made again.
  }
}
