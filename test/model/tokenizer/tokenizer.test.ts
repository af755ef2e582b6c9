import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/model/config/config.js';
import { namedConfigs } from '../../../src/model/config/configs.js';
import { loadTokenizer, MAX_TEXT, type Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { fixture } from '../../support/golden.js';

const json = (path: string) => JSON.parse(readFileSync(fixture(path), 'utf8'));

interface Row {
  readonly text: string;
  readonly ids: number[];
  readonly context76: number[];
  readonly decoded: string;
}

let clip: Tokenizer;
let scenes: Tokenizer;

beforeAll(async () => {
  clip = await loadTokenizer({ contextLength: 76, vocabSize: 49408 });
  scenes = await loadTokenizer({
    file: fixture('models/scenes/tokenizer.json'),
    contextLength: 24,
    vocabSize: 1024,
  });
});

describe("OpenCLIP's CLIP tokenizer", () => {
  test.each(json('golden/tokenizer.json') as Row[])('ids, context and text of $text', (row) => {
    expect(clip.encode(row.text)).toEqual(row.ids);
    expect([...clip.context(row.text)]).toEqual(row.context76);
    expect(clip.fits(row.text)).toBe(row.ids.length + 2 <= 76);
    // Ours leaves special tokens out.
    const text = row.decoded.replace(/<(start|end)_of_text>/g, ' ').trim();
    expect(clip.decode(row.ids)).toBe(text);
  });

  test('cleans texts as OpenCLIP does: quotes, ligatures, widths, entities, controls, folds', () => {
    const rows = json('golden/tokenizer-clean.json').clip as Row[];
    for (const { text, ids } of rows) expect(clip.encode(text), JSON.stringify(text)).toEqual(ids);
  });

  test('special ids and names', () => {
    expect(clip.special).toEqual({ sot: 49406, eot: 49407, pad: 0 });
    expect(clip.tokenText(49406)).toBe('<start_of_text>');
    expect(clip.tokenText(49407)).toBe('<end_of_text>');
    expect(clip.tokenText(1929)).toBe('dog');
    expect(clip.tokenText(256)).toBe('!');
    expect(clip.endsWord(1929)).toBe(true);
    expect(clip.endsWord(0)).toBe(false);
    expect(clip.endsWord(49407)).toBe(false);
  });

  test('shows bytes of unfinished characters', () => {
    const ids = clip.encode('日本語のテキスト');
    expect(ids.map((id) => clip.tokenText(id)).some((text) => /\\x[0-9A-F]{2}/.test(text))).toBe(true);
    expect(clip.tokenText(0xe2 - 0xae + 12 + 94)).toBe('\\xE2');
  });

  test('padding is left out after the end only: before it, id 0 is an exclamation mark', () => {
    expect(clip.decode([49406, 0, 256, 49407, 0, 0])).toBe('!!');
    expect(clip.decode(clip.context('a dog'))).toBe('a dog');
  });

  test('a text that is too long is cut, and still ends', () => {
    const row = clip.context('dog '.repeat(100));
    expect(row).toHaveLength(76);
    expect([row[0], row[1], row[74], row[75]]).toEqual([49406, 1929, 1929, 49407]);
    expect(clip.fits('dog '.repeat(74))).toBe(true);
    expect(clip.fits('dog '.repeat(75))).toBe(false);
  });

  test('ids without a token show as numbers', async () => {
    const padded = await loadTokenizer({ contextLength: 76, vocabSize: 49408 + 64 });
    expect(padded.tokenText(49410)).toBe('[49410]');
    expect(padded.decode([320, 49410, 1929])).toBe('a [49410] dog');
  });

  const captioners = Object.entries(namedConfigs()).filter(([name]) => /^coca_(ViT|base)/.test(name));
  test.each(captioners)('goes with the config %s, also where its embedding has more rows', async (_, config) => {
    const { text } = parseConfig(config, 'test');
    const tokenizer = await loadTokenizer({ contextLength: text.context_length, vocabSize: text.vocab_size });
    expect(tokenizer.encode('a dog')).toEqual([320, 1929]);
    expect(tokenizer.special).toEqual({ sot: 49406, eot: 49407, pad: 0 });
  });

  test('any text becomes ids below the vocabulary size, and so does what they decode to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const ids = clip.encode(text);
        expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < clip.vocabSize)).toBe(true);
        const spoken = clip.decode(ids);
        expect(clip.decode(clip.encode(spoken))).toBe(spoken);
      }),
    );
  });

  test('plain words come back as they were', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        expect(clip.decode(clip.encode(words.join(' ')))).toBe(words.join(' '));
      }),
    );
  });

  test('lone surrogates become replacement characters', () => {
    expect(clip.encode('a \ud800 b \udfff')).toEqual(clip.encode('a \ufffd b \ufffd'));
  });

  test.each([
    ['one word', 'a'.repeat(MAX_TEXT)],
    ['many words', 'hello world '.repeat(MAX_TEXT / 16)],
    ['nested entities', `&${'amp;'.repeat(MAX_TEXT / 5)}`],
    ['surrogates', '\ud800'.repeat(MAX_TEXT)],
    ['lines', 'é\n'.repeat(MAX_TEXT / 2)],
    ['escapes', '\x1b['.repeat(MAX_TEXT / 2)],
  ])('a megabyte of %s', (_, text) => {
    expect(clip.context(text)).toHaveLength(76);
    expect(clip.fits(text)).toBe(false);
  });

  test('refuses what could take minutes', () => {
    expect(() => clip.encode('a'.repeat(MAX_TEXT + 1))).toThrow(
      expect.objectContaining({ code: 'bad-text', message: expect.stringContaining('too long') }),
    );
    expect(() => clip.encode(`e${'\u0301\u0323'.repeat(1000)}`)).toThrow(expect.objectContaining({ code: 'bad-text' }));
  });
});

describe('the tokenizer.json of the scenes model', () => {
  test('special ids are found by name', () => {
    expect(scenes.special).toEqual({ sot: 1022, eot: 1023, pad: 0 });
    expect(scenes.tokenText(0)).toBe('<pad>');
    expect(scenes.tokenText(1023)).toBe('<end_of_text>');
  });

  test('ids as the tokenizers library of Hugging Face gives them', () => {
    const rows = json('golden/tokenizer-clean.json').scenes as Row[];
    for (const { text, ids } of rows) expect(scenes.encode(text), JSON.stringify(text)).toEqual(ids);
  });

  test('captions of all scenes come back as they were and fit', () => {
    for (const { caption, true_captions, hard_negatives } of json('scenes/scenes.json')) {
      for (const text of [caption, ...true_captions, ...hard_negatives]) {
        expect(scenes.decode(scenes.context(text))).toBe(text);
        expect(scenes.fits(text)).toBe(true);
      }
    }
  });

  test('ids that the reference generated read as its captions', () => {
    for (const { beam6_ids, beam6_caption } of json('scenes/expected.json').samples) {
      expect(scenes.decode(beam6_ids)).toBe(beam6_caption);
    }
  });

  test('tokens show without their end-of-word mark', () => {
    const ids = scenes.encode('small books');
    expect(ids.map((id) => scenes.tokenText(id)).join('')).toBe('smallbooks');
    expect(scenes.endsWord(ids.at(-1)!)).toBe(true);
  });

  test('special ids of the config come first', async () => {
    const special = { sot: 5, eot: 6, pad: 7 };
    const other = await loadTokenizer({
      file: fixture('models/scenes/tokenizer.json'),
      contextLength: 4,
      vocabSize: 1024,
      special,
    });
    expect(other.special).toEqual(special);
    expect([...other.context('')]).toEqual([5, 6, 7, 7]);
  });
});

describe('other kinds of tokenizer.json', () => {
  test('word pieces, without bytes or ends of words', async () => {
    const tokenizer = await load({
      added_tokens: [
        { id: 3, content: '<|startoftext|>', special: true },
        { id: 4, content: '<|endoftext|>', special: true },
      ],
      pre_tokenizer: { type: 'Whitespace' },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: { '[UNK]': 0, dog: 1, '##gy': 2 },
      },
    });
    expect(tokenizer.encode('dog doggy')).toEqual([1, 1, 2]);
    expect(tokenizer.decode([3, 1, 1, 2, 4])).toBe('dog doggy');
    expect(tokenizer.tokenText(1)).toBe('dog');
    expect(tokenizer.endsWord(2)).toBe(false);
    expect(tokenizer.special).toEqual({ sot: 3, eot: 4, pad: 0 });
  });
});

/** A sound definition of four tokens, and what makes it unsound. */
const SOUND = {
  added_tokens: [
    { id: 2, content: '<start_of_text>', special: true },
    { id: 3, content: '<end_of_text>', special: true },
  ],
  model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] as unknown },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coca-tokenizer-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(definition: unknown, options: { vocabSize?: number } = {}): Promise<Tokenizer> {
  const file = join(folder, 'tokenizer.json');
  await writeFile(file, typeof definition === 'string' ? definition : JSON.stringify(definition));
  return loadTokenizer({ file, contextLength: 8, vocabSize: options.vocabSize ?? 8 });
}

describe('faults', () => {
  test('the sound definition loads', async () => {
    expect((await load(SOUND)).encode('ab')).toEqual([0, 1]);
  });

  const model = (changes: object) => ({ ...SOUND, model: { ...SOUND.model, ...changes } });
  test.each<[string, unknown, RegExp]>([
    ['JSON that ends early', '{"model": {', /not valid JSON/],
    ['an empty file', '', /not valid JSON/],
    ['a list', '[]', /not a JSON object/],
    ['no model', {}, /no "model"/],
    ['no vocabulary', { model: { type: 'BPE' } }, /no "vocab"/],
    ['an unknown kind', { ...SOUND, model: { type: 'Runes', vocab: 3 } }, /no "vocab"/],
    ['an unknown step', { ...SOUND, normalizer: { type: 'Shout' } }, /Shout/],
    ['one id twice', model({ vocab: { a: 0, b: 0, c: 1 } }), /"a" and "b" have one id, 0/],
    ['one token twice', model({ vocab: { a: 0, '<end_of_text>': 1 } }), /has two ids/],
    ['a gap', model({ vocab: { a: 0, b: 7 } }), /ids go up to 7, but 1 has no token/],
    ['an enormous id', model({ vocab: { a: 0, b: 2 ** 30 } }), /but 1 has no token/],
    ['a negative id', model({ vocab: { a: -1 } }), /the id of "a" is -1/],
    ['half an id', model({ vocab: { a: 0.5 } }), /the id of "a" is 0.5/],
    ['an id that is text', model({ vocab: { a: '0' } }), /the id of "a" is "0"/],
    ['a token without text', model({ vocab: [null] }), /the token of id 0 is null/],
    [
      'a pattern of no kind',
      { ...SOUND, pre_tokenizer: { type: 'Split', pattern: { Re: 'a' }, behavior: 'Isolated' } },
      /the pattern \{"Re":"a"\} is neither/,
    ],
    [
      'a pattern of no kind, within a sequence',
      { ...SOUND, normalizer: { type: 'Sequence', normalizers: [{ type: 'Replace', pattern: 'a', content: 'b' }] } },
      /the pattern "a" is neither/,
    ],
    ['no pattern', { ...SOUND, normalizer: { type: 'Replace', content: 'b' } }, /the pattern nothing is neither/],
    ['merges that are none', model({ merges: ['a'] }), /"a" is no merge/],
    ['merges to nowhere', model({ merges: ['a b'] }), /makes no token/],
    ['no merges', model({ merges: null }), /no "merges"/],
    ['added tokens that are none', { ...SOUND, added_tokens: [7] }, /"added_tokens"/],
    [
      'no end token',
      { ...SOUND, added_tokens: [{ id: 2, content: '<start_of_text>', special: true }] },
      /no end token/,
    ],
    [
      'no start token',
      { ...SOUND, added_tokens: [{ id: 2, content: '<end_of_text>', special: true }] },
      /no start token/,
    ],
  ])('%s', async (_, definition, message) => {
    await expect(load(definition)).rejects.toMatchObject({
      name: 'CocaError',
      code: 'bad-tokenizer',
      message: expect.stringMatching(message),
    });
  });

  test('a pattern that backtracks without end is stopped', async () => {
    const pattern = { Regex: '(a+)+$' };
    const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
    const tokenizer = await load({ ...SOUND, pre_tokenizer: split });
    expect(() => tokenizer.encode(`${'a'.repeat(40)}b`)).toThrow(
      expect.objectContaining({ code: 'bad-tokenizer', message: expect.stringContaining('its patterns take over') }),
    );
    expect(tokenizer.encode('a')).toEqual([0]);
  });

  test('and so is one that ids become text by', async () => {
    const long = `${'a'.repeat(40)}b`;
    const replace = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' };
    const tokenizer = await load({
      ...SOUND,
      model: { ...SOUND.model, vocab: { ...SOUND.model.vocab, [long]: 4 } },
      decoder: { type: 'Sequence', decoders: [{ type: 'Fuse' }, replace] },
    });
    expect(() => tokenizer.decode([4])).toThrow(
      expect.objectContaining({ code: 'bad-tokenizer', message: expect.stringContaining('its patterns take over') }),
    );
    expect(tokenizer.decode(tokenizer.encode('a'))).toBe('');
  });

  test('a file larger than its model can need, one that is not UTF-8, and a pipe', async () => {
    const large = JSON.stringify({ ...SOUND, comment: 'x'.repeat(2 ** 20 + 8 * 512) });
    await expect(load(large)).rejects.toMatchObject({ code: 'unreadable', message: expect.stringMatching(/too many/) });
    const file = join(folder, 'latin1.json');
    await writeFile(file, Buffer.from(JSON.stringify({ ...SOUND, comment: '\xff' }), 'latin1'));
    const at = (name: string) => loadTokenizer({ file: name, contextLength: 8, vocabSize: 8 });
    await expect(at(file)).rejects.toMatchObject({ code: 'unreadable', message: expect.stringMatching(/UTF-8/) });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(at(join(folder, 'pipe'))).rejects.toMatchObject({ code: 'unreadable' });
  });

  test('a sound file with anything changed loads, or is refused by name', async () => {
    const text = JSON.stringify({
      ...SOUND,
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Split', pattern: { Regex: '[a-z]' }, behavior: 'Isolated', invert: false },
      decoder: { type: 'ByteLevel' },
    });
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      'null',
      '-1',
      '7',
      '1e999',
      '"type":"Runes"',
      '\ud800',
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.nat(12), pieces, async (at, length, piece) => {
        try {
          const tokenizer = await load(text.slice(0, at) + piece + text.slice(at + length));
          const ids = tokenizer.encode('ab ba');
          expect(ids.every((id) => id >= 0 && id < tokenizer.vocabSize)).toBe(true);
          tokenizer.decode(ids);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CocaError', code: 'bad-tokenizer' });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('more tokens than the embedding has rows, or far fewer', async () => {
    const wrong = { code: 'bad-tokenizer', message: expect.stringContaining('4 tokens') };
    await expect(load(SOUND, { vocabSize: 3 })).rejects.toMatchObject(wrong);
    await expect(load(SOUND, { vocabSize: 1024 })).rejects.toMatchObject(wrong);
    await expect(loadTokenizer({ contextLength: 76, vocabSize: 64 })).rejects.toMatchObject({ code: 'bad-tokenizer' });
  });

  test('special ids outside of the embedding', async () => {
    const special = { sot: 49406, eot: 49500, pad: 0 };
    await expect(loadTokenizer({ contextLength: 76, vocabSize: 49408, special })).rejects.toMatchObject({
      code: 'bad-tokenizer',
      message: expect.stringContaining('eot is 49500'),
    });
  });

  test('a file that is not there, or a folder', async () => {
    const at = (file: string) => loadTokenizer({ file, contextLength: 8, vocabSize: 8 });
    await expect(at(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(at(folder)).rejects.toMatchObject({ code: 'unreadable' });
  });
});
