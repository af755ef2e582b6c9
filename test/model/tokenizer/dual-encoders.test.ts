import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { fixture } from '../../support/golden.js';

interface Expected {
  readonly tokenizer_kwargs: { readonly clean?: 'canonicalize'; readonly strip_sep_token?: boolean };
  readonly context_length: number;
  readonly vocab_size: number;
  readonly rows: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

describe.each(['unigram', 'wordpiece', 'pairs'])("contexts of OpenCLIP's HFTokenizer, %s", (kind) => {
  const folder = `dual-encoders/tokenizers/${kind}`;
  const expected: Expected = JSON.parse(readFileSync(fixture(`${folder}/expected.json`), 'utf8'));
  const { tokenizer_kwargs: how, context_length: contextLength, vocab_size, rows } = expected;
  const load = (vocabSize: number, isStartless = true) =>
    loadTokenizer({
      file: fixture(`${folder}/tokenizer.json`),
      contextLength,
      vocabSize,
      huggingFace: true,
      how: { clean: how.clean ?? 'whitespace', strip_sep_token: how.strip_sep_token ?? false },
      isStartless,
    });

  test.each(rows)('$text', async ({ text, ids }) => {
    expect([...(await load(vocab_size)).context(text)]).toEqual(ids);
  });

  test('an embedding may have rows that no token has, and no fewer than there are tokens', async () => {
    expect((await load(vocab_size + 1000)).vocabSize).toBe(vocab_size + 1000);
    await expect(load(vocab_size - 1)).rejects.toMatchObject({ code: 'bad-tokenizer' });
  });

  test('only a model that writes nothing can do without a start token', async () => {
    const loading = load(vocab_size, false);
    if (kind !== 'unigram') expect((await loading).special.sot).toBe(rows[1]!.ids[0]);
    else
      await expect(loading).rejects.toMatchObject({ message: expect.stringMatching(/nothing names its start token/) });
  });
});
