import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { frameOf, specialNames } from '../../../src/model/tokenizer/frame.js';
import { loadTokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { fixture } from '../../support/golden.js';

interface Expected {
  readonly tokenizer_kwargs: { readonly clean?: 'canonicalize'; readonly strip_sep_token?: boolean };
  readonly context_length: number;
  readonly vocab_size: number;
  readonly rows: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const json = (path: string) => JSON.parse(readFileSync(fixture(path), 'utf8'));

describe.each(['unigram', 'wordpiece', 'pairs'])("contexts of OpenCLIP's HFTokenizer, %s", (kind) => {
  const folder = `dual-encoders/tokenizers/${kind}`;
  const {
    tokenizer_kwargs: how,
    context_length: contextLength,
    vocab_size,
    rows,
  }: Expected = json(`${folder}/expected.json`);
  const load = (vocabSize: number) =>
    loadTokenizer({
      file: fixture(`${folder}/tokenizer.json`),
      contextLength,
      vocabSize,
      huggingFace: {
        clean: how.clean ?? 'whitespace',
        stripSep: how.strip_sep_token ?? false,
        names: specialNames([json(`${folder}/tokenizer_config.json`)]),
      },
    });

  test.each(rows)('$text', async ({ text, ids }) => {
    expect([...(await load(vocab_size)).context(text)]).toEqual(ids);
  });

  test('an embedding may have rows that no token has, and no fewer than there are tokens', async () => {
    expect((await load(vocab_size + 1000)).vocabSize).toBe(vocab_size + 1000);
    await expect(load(vocab_size - 1)).rejects.toMatchObject({ code: 'bad-tokenizer' });
  });
});

describe('special tokens by name', () => {
  test('are read as texts and as tokens, from the first file that has them', () => {
    const files = [{ pad_token: { content: '<p>' } }, { pad_token: '<q>', sep_token: '<s>' }, null];
    expect(specialNames(files)).toEqual({ pad: '<p>', sep: '<s>' });
    expect(specialNames([])).toEqual({});
  });

  test('must be there', () => {
    const codec = { specials: new Map([[7, '<x>']]), template: { prefix: [], suffix: [7] } } as never;
    expect(frameOf(codec, { pad: '<x>' }, false, 'x')).toEqual({ prefix: [], suffix: [7], pad: 7, zeroed: null });
    expect(() => frameOf(codec, {}, false, 'x.json')).toThrow(/x\.json: no padding token .*<pad> or \[PAD\]/);
    expect(() => frameOf(codec, { pad: '<x>' }, true, 'x.json')).toThrow(/no separating token .*\[SEP\]/);
  });
});
