import { readFile } from 'node:fs/promises';
import type { Coca } from '../api.js';
import { conceptsFolder } from '../base/cache.js';
import { stopIfAborted } from '../base/errors.js';
import { dot } from '../base/numbers/vectors.js';
import { computedValues } from '../computed.js';
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
 * Embeddings of concepts, kept in the cache: they are made once.
 * @throws CocaError as `encodeTexts`; `interrupted`
 */
export async function conceptEmbeddings(
  coca: Pick<Coca, 'fingerprint' | 'tokenizerFingerprint' | 'encodeTexts' | 'precision' | 'config' | 'ablated'>,
  { texts }: ConceptList,
  {
    signal,
    onProgress,
    onBroken,
    ...cut
  }: CutTexts & {
    readonly signal?: AbortSignal;
    readonly onProgress?: (part: number) => void;
    /** Hears of kept embeddings that are of no use: they are made anew. */
    readonly onBroken?: (text: string) => void;
  } = {},
): Promise<readonly Float32Array[]> {
  const count = texts.length;
  const width = coca.config.embed_dim;
  const isSound = (values: Float32Array) =>
    split(values, count).every((vector) => Math.abs(dot(vector, vector) - 1) < 1e-3);
  const computed = {
    ...{ folder: conceptsFolder(), what: 'concepts', of: texts, isOfTexts: true },
    ...{ length: count * width, isSound, onBroken },
  };
  const values = await computedValues(coca, computed, async () => {
    const all = new Float32Array(count * width);
    for (let start = 0; start < count; start += BATCH) {
      stopIfAborted(signal, 'stopped before all concepts were embedded');
      onProgress?.(start / count);
      const some = await coca.encodeTexts(texts.slice(start, start + BATCH), cut);
      for (const [i, vector] of some.entries()) all.set(vector, (start + i) * width);
    }
    return all;
  });
  return split(values, count);
}
