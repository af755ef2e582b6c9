import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { fixture } from '../../support/golden.js';

interface Expected {
  readonly size: number;
  readonly contexts: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const expected: Readonly<Record<string, Expected>> = JSON.parse(
  readFileSync(fixture('hf-tokenizers/expected.json'), 'utf8'),
);
const LENGTH = 16;

const load = (folder: string, size: number) =>
  loadTokenizer({ file: join(folder, 'tokenizer.json'), contextLength: LENGTH, vocabSize: size, huggingFace: true });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coca-hf-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of one of the tokenizers, with another tokenizer_config.json; none for null. */
async function changed(name: string, config: object | string | null): Promise<string> {
  const copy = await mkdtemp(join(folder, 'copy-'));
  await cp(fixture(`hf-tokenizers/${name}`), copy, { recursive: true });
  const file = join(copy, 'tokenizer_config.json');
  if (config === null) await rm(file);
  else await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  return copy;
}

describe('a tokenizer as transformers saves it', () => {
  test.each(Object.entries(expected))(
    'frames, cuts and pads texts as OpenCLIP does: %s',
    async (name, { size, contexts }) => {
      const tokenizer = await load(fixture(`hf-tokenizers/${name}`), size);
      expect(tokenizer.fits(contexts[0]!.text)).toBe(true);
      expect(tokenizer.fits(contexts.at(-1)!.text)).toBe(false);
      for (const { text, ids } of contexts) {
        expect([...tokenizer.context(text)], text).toEqual(ids);
      }
    },
  );

  test('start, end and padding are what its files name', async () => {
    const special = async (name: string) =>
      (await load(fixture(`hf-tokenizers/${name}`), expected[name]!.size)).special;
    expect(await special('clip')).toEqual({ sot: 0, eot: 1, pad: 1 });
    expect(await special('roberta')).toEqual({ sot: 0, eot: 2, pad: 1 });
    expect(await special('bare-bpe')).toEqual({ sot: 0, eot: 2, pad: 1 });
    expect(await special('bert')).toEqual({ sot: 2, eot: 3, pad: 0 });
    expect(await special('xlm-roberta')).toEqual({ sot: 0, eot: 2, pad: 1 });
    // Nothing begins a text; a caption begins with padding, as what T5 writes.
    expect(await special('t5')).toEqual({ sot: 0, eot: 1, pad: 0 });
  });

  test('the special tokens map counts where the config lists no tokens, and defaults of its class where neither says', async () => {
    const { size } = expected.bert!;
    const from = async (config: object | null, map?: object) => {
      const copy = await changed('bert', config);
      await writeFile(join(copy, 'special_tokens_map.json'), JSON.stringify(map ?? {}));
      return (await load(copy, size)).special.pad;
    };
    expect(await from({ pad_token: '[PAD]' }, { pad_token: { content: '[MASK]' } })).toBe(4);
    expect(await from({ pad_token: '[PAD]', added_tokens_decoder: {} }, { pad_token: '[MASK]' })).toBe(0);
    expect(await from({ tokenizer_class: 'BertTokenizer' })).toBe(0);
    expect(await from(null)).toBe(0);
  });

  test('is refused by name where texts would be others', async () => {
    const fails = async (name: string, config: object | string | null, message: RegExp) => {
      const copy = await changed(name, config);
      await rm(join(copy, 'special_tokens_map.json'));
      const attempt = load(copy, expected[name]!.size);
      await expect(attempt).rejects.toMatchObject({ code: 'bad-tokenizer', message: expect.stringMatching(message) });
    };
    await fails('bert', { padding_side: 'left' }, /padding_side is "left"/);
    await fails('bert', { truncation_side: 'left' }, /truncation_side is "left"/);
    await fails('bert', { pad_token: '<none>' }, /has no token <none>, its padding token/);
    await fails('clip', null, /nothing names its padding token/);
    await fails('bert', '{', /tokenizer_config.json: not valid JSON/);
    await fails('bert', '[]', /tokenizer_config.json is not a JSON object/);
  });

  test('special ids of the config are those of captions; texts are framed as the file says', async () => {
    const file = fixture('hf-tokenizers/t5/tokenizer.json');
    const special = { sot: 2, eot: 1, pad: 0 };
    const { size, contexts } = expected.t5!;
    const tokenizer = await loadTokenizer({ file, contextLength: LENGTH, vocabSize: size, huggingFace: true, special });
    expect(tokenizer.special).toEqual(special);
    expect([...tokenizer.context(contexts[0]!.text)]).toEqual(contexts[0]!.ids);
  });

  test('without hf_tokenizer_name, padding is 0 as in OpenCLIP, whatever its files say', async () => {
    const file = fixture('hf-tokenizers/clip/tokenizer.json');
    expect(await readFile(fixture('hf-tokenizers/clip/tokenizer_config.json'), 'utf8')).toContain('pad_token');
    const tokenizer = await loadTokenizer({ file, contextLength: LENGTH, vocabSize: expected.clip!.size });
    expect(tokenizer.special).toEqual({ sot: 0, eot: 1, pad: 0 });
  });
});
