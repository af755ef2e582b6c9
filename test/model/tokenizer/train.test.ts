import { readFileSync } from 'node:fs';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawScene } from '../../../src/model/scenes/world/draw.js';
import { BYTE_LETTERS, LETTER_OF_BYTE } from '../../../src/model/tokenizer/bytes.js';
import { loadTokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { trainTokenizer } from '../../../src/model/tokenizer/train.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const { write } = temporaryFolder();

/** Byte-pair merges as one writes them down: everything is counted anew each time. */
class Naive {
  readonly merges: string[] = [];
  private readonly words: { symbols: string[]; readonly count: number }[];

  constructor(counts: Readonly<Record<string, number>>) {
    this.words = Object.entries(counts).map(([word, count]) => {
      const symbols = [...Buffer.from(word)].map((byte) => BYTE_LETTERS[LETTER_OF_BYTE[byte]!]!);
      symbols[symbols.length - 1] += '</w>';
      return { symbols, count };
    });
  }

  /** "left right" of every pair, with its count. */
  pairs(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { symbols, count } of this.words) {
      for (let i = 1; i < symbols.length; i++) {
        const pair = `${symbols[i - 1]} ${symbols[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    return counts;
  }

  mostFrequent(): string[] {
    const counts = this.pairs();
    const most = Math.max(...counts.values());
    return [...counts].filter(([, count]) => count === most).map(([pair]) => pair);
  }

  merge(pair: string): void {
    this.merges.push(pair);
    const [left, right] = pair.split(' ');
    for (const word of this.words) {
      const symbols: string[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const joins = word.symbols[i] === left && word.symbols[i + 1] === right;
        symbols.push(joins ? `${left}${right}` : word.symbols[i]!);
        if (joins) i++;
      }
      word.symbols = symbols;
    }
  }
}

const textsOf = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).flatMap(([word, count]) => Array<string>(count).fill(word));
const mergesOf = (json: string): string[] => JSON.parse(json).model.merges;

describe('merges', () => {
  const reference = JSON.parse(readFileSync(fixture('tokenizer-training/merges.json'), 'utf8')) as {
    words: Record<string, number>;
    merges: string[];
  };

  const MERGES = 250;

  it('take a most frequent pair each time, as those of Hugging Face tokenizers do', async () => {
    // Words that the pattern splits count as their parts.
    const counts: Record<string, number> = {};
    for (const [text, count] of Object.entries(reference.words)) {
      for (const [word] of text.toLowerCase().matchAll(/'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu)) {
        counts[word] = (counts[word] ?? 0) + count;
      }
    }
    const { json } = await trainTokenizer(textsOf(reference.words), { vocabSize: 515 + MERGES });
    for (const merges of [reference.merges, mergesOf(json)]) {
      const naive = new Naive(counts);
      for (const pair of merges) {
        expect(naive.mostFrequent()).toContain(pair);
        naive.merge(pair);
      }
      expect(merges).toHaveLength(MERGES);
    }
    // Until two pairs are equally frequent there is nothing to choose.
    const same = mergesOf(json).findIndex((pair, i) => pair !== reference.merges[i]);
    expect(same).toBeGreaterThan(10);
  });

  it('of equally frequent pairs take the one whose tokens were learned first, left before right', async () => {
    const ids = (json: string) => JSON.parse(json).model.vocab as Record<string, number>;
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[abc]{1,8}$/), fc.integer({ min: 1, max: 4 }), { minKeys: 1, maxKeys: 12 }),
        async (counts) => {
          const { json } = await trainTokenizer(textsOf(counts), { vocabSize: 560 });
          const vocab = ids(json);
          const naive = new Naive(counts);
          while (naive.merges.length < 560 - 515) {
            const all = naive.pairs();
            if (all.size === 0 || Math.max(...all.values()) < 2) break;
            const order = (pair: string) => pair.split(' ').map((token) => vocab[token]!);
            const [first] = naive.mostFrequent().sort((a, b) => {
              const [x, y] = [order(a), order(b)];
              return x[0]! - y[0]! || x[1]! - y[1]!;
            });
            naive.merge(first!);
          }
          expect(mergesOf(json)).toEqual(naive.merges);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('do not depend on the order of the texts', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => drawScene(1, i).caption);
    const one = await trainTokenizer(texts, { vocabSize: 700 });
    expect(await trainTokenizer([...texts].reverse(), { vocabSize: 700 })).toEqual(one);
  });
});

describe('a trained tokenizer', () => {
  const captions = Array.from({ length: 3000 }, (_, i) => drawScene(2, i).caption);
  const TEXTS = [
    'Two DOGS next to a cat',
    "it's  not\ta dog\n",
    'naïve café, 日本語 🙂 — 42%',
    'a <end_of_text> b',
    '\u0000\u0007control',
    '',
    ...captions.slice(0, 50),
  ];

  it('is of the form of the bundled one, and loads', async () => {
    const { json, size } = await trainTokenizer(captions, { vocabSize: 1024 });
    expect(size).toBe(1024);
    const bundled = JSON.parse(readFileSync(fixture('models/scenes/tokenizer.json'), 'utf8'));
    const made = JSON.parse(json);
    // The bundled one's decoder leaves the ends of words to transformers.
    expect({ ...made, decoder: 0, model: { ...made.model, vocab: 0, merges: 0 } }).toEqual({
      ...bundled,
      decoder: 0,
      model: { ...bundled.model, vocab: 0, merges: 0 },
    });
    const byId = ({ model }: typeof made) => Object.keys(model.vocab).sort((a, b) => model.vocab[a] - model.vocab[b]);
    expect(byId(made).slice(0, 513)).toEqual(byId(bundled).slice(0, 513));
    expect(byId(made).slice(-2)).toEqual(['<start_of_text>', '<end_of_text>']);
    const tokenizer = await loadTokenizer({ file: write('t.json', json), contextLength: 24, vocabSize: 1024 });
    expect(tokenizer.special).toEqual({ pad: 0, sot: 1022, eot: 1023 });
    // Captions of its kind come out about as short as with the bundled one.
    const other = await loadTokenizer({
      file: fixture('models/scenes/tokenizer.json'),
      contextLength: 24,
      vocabSize: 1024,
    });
    const total = ({ encode }: typeof tokenizer) => captions.reduce((sum, caption) => sum + encode(caption).length, 0);
    expect(total(tokenizer) / total(other)).toBeLessThan(1.03);
    expect(total(tokenizer) / total(other)).toBeGreaterThan(0.97);
  });

  it('writes every text, and reads it back', async () => {
    const { json } = await trainTokenizer(captions, { vocabSize: 800 });
    const tokenizer = await loadTokenizer({ file: write('t.json', json), contextLength: 24, vocabSize: 800 });
    const library = new Library(JSON.parse(json), {});
    for (const text of TEXTS) {
      const ids = tokenizer.encode(text);
      expect(ids.every((id) => id > 0 && id < 800)).toBe(true);
      if (!/[\u0000\u0007\t\n]| {2}/.test(text)) {
        expect(ids).toEqual(library.encode(text, { add_special_tokens: false }).ids);
      }
    }
    for (const caption of captions.slice(0, 200)) {
      const ids = tokenizer.encode(caption);
      expect([tokenizer.decode(ids), library.decode(ids)]).toEqual([caption, caption]);
    }
    expect(tokenizer.decode(tokenizer.encode('Naïve 日本語 🙂'))).toBe('naïve 日本語 🙂');
  });

  it('is smaller than asked for where the texts have no more pairs', async () => {
    const { json, size } = await trainTokenizer(['ab ab', 'cd'], { vocabSize: 5000 });
    expect(size).toBe(516);
    expect(mergesOf(json)).toEqual(['a b</w>']);
    expect((await trainTokenizer(['ab ab', 'cd'], { vocabSize: 5000, minCount: 1 })).size).toBe(517);
    expect(JSON.parse((await trainTokenizer(['x'], { vocabSize: 515 })).json).model.merges).toEqual([]);
  });

  it('cannot be made of nothing, or too small', async () => {
    await expect(trainTokenizer([' ', '<end_of_text>'], { vocabSize: 600 })).rejects.toMatchObject({
      code: 'bad-text',
    });
    for (const vocabSize of [514, 2 ** 21, 600.5]) {
      await expect(trainTokenizer(['a'], { vocabSize })).rejects.toMatchObject({ code: 'usage' });
    }
  });
});
