import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parameterShapes } from '../../src/model/architecture/parameters.js';
import { openCheckpoint, openSafetensors } from '../../src/model/checkpoint/index.js';
import { readStateDict } from '../../src/model/checkpoint/torch/torch-pickle.js';
import { parseConfig } from '../../src/model/config/config.js';
import { prepare } from '../../src/model/image/prepare.js';
import { describeBytes, sniffImage } from '../../src/model/image/sniff.js';
import { clipCodec } from '../../src/model/tokenizer/clip.js';
import { fileCodec } from '../../src/model/tokenizer/file.js';
import { stateDict, storage, tensor } from '../../test/model/checkpoint/build-pickle.js';
import { buildSafetensors } from '../../test/model/checkpoint/build-safetensors.js';
import { buildTorchZip } from '../../test/model/checkpoint/build-zip.js';

/** One reader of foreign bytes. It may refuse with a `CocaError`; anything else that it throws is a finding. */
export interface Target {
  /** Which of the program's files are to be covered. */
  readonly covers: RegExp;
  readonly seeds: () => readonly Uint8Array[];
  /** What the format is made of, in Latin-1. */
  readonly words: readonly string[];
  /** @param folder a place for files */
  readonly run: (bytes: Uint8Array, folder: string) => unknown;
}

const fixture = (path: string) => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));
const utf8 = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const JSON_WORDS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  'null',
  'true',
  '-1',
  '1e999',
  '"__proto__":{}',
  '\\ud800',
  '\xff',
];

const F32 = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';
const SMALL_TOKENIZER = {
  added_tokens: [
    { id: 3, content: '<start_of_text>', special: true },
    { id: 4, content: '<end_of_text>', special: true },
  ],
  normalizer: { type: 'Sequence', normalizers: [{ type: 'Lowercase' }] },
  pre_tokenizer: { type: 'Split', pattern: { Regex: '[a-z]+|\\s' }, behavior: 'Isolated', invert: false },
  decoder: { type: 'ByteLevel' },
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'], end_of_word_suffix: '' },
};

export const TARGETS: Readonly<Record<string, Target>> = {
  safetensors: {
    covers: /checkpoint\/(safetensors|dtype|foreign|problem)/,
    seeds: () => [
      buildSafetensors(`{"__metadata__":{"k":"v"},"a":${F32}}`, 8),
      buildSafetensors(`{"a":${F32},"b":{"dtype":"F16","shape":[2,1],"data_offsets":[8,12]}}`, 12),
    ],
    words: [...JSON_WORDS, '"dtype"', '"BF16"', '"shape"', '"data_offsets"', '"__metadata__"', '9007199254740993'],
    async run(bytes, folder) {
      const path = join(folder, 'model.safetensors');
      writeFileSync(path, bytes);
      const { tensors } = await openSafetensors(path);
      let total = 0;
      for (const { offset, byteLength } of tensors.values()) {
        total += byteLength;
        if (offset + byteLength > bytes.length) throw new Error('a tensor beyond the file');
      }
      if (total > bytes.length) throw new Error('more data than there is');
    },
  },
  pickle: {
    covers: /checkpoint\/(pickle|torch-pickle|dtype)/,
    seeds: () => [
      stateDict({ a: tensor() }),
      stateDict({
        'module.a': tensor({ size: [6], stride: [1] }),
        'module.b': tensor({ storage: storage({ key: '1' }) }),
      }),
      Buffer.from(
        '\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00aK\x01u}X\x09\x00\x00\x00_metadataNsb.',
        'latin1',
      ),
    ],
    words: [
      'ctorch._utils\n_rebuild_tensor_v2\n',
      'ccollections\nOrderedDict\n',
      ')R',
      '(',
      't',
      '\x85',
      '\x93',
      'Q',
      '}',
      'u',
      's',
      'b',
      '0',
      '2',
      'h\x00',
      'q\x00',
      '\x94',
      '.',
    ],
    run: (bytes) => readStateDict('model.bin', bytes),
  },
  zip: {
    covers: /checkpoint\/(zip|torchzip|convert|torch-|foreign|index)|model\/crc32/,
    seeds: () => [
      buildTorchZip(stateDict({ a: tensor() }), { 0: new Uint8Array(24) }),
      buildTorchZip(stateDict({ a: tensor({ size: [2], stride: [2], offset: 1 }) }), { 0: new Uint8Array(24) }),
    ],
    words: [
      'PK\x01\x02',
      'PK\x03\x04',
      'PK\x05\x06',
      'PK\x06\x06',
      'PK\x06\x07',
      'data.pkl',
      'archive/',
      'byteorder',
      'big',
      '\x08\x00',
      '\x01\x00\x18\x00',
    ],
    async run(bytes, folder) {
      const path = join(folder, 'model.bin');
      writeFileSync(path, bytes);
      await openCheckpoint(path, { cacheDir: join(folder, 'cache') });
    },
  },
  config: {
    covers: /model\/(config|config-section|architecture\/parameters)\./,
    seeds: () =>
      ['models/scenes', 'golden/cascade', 'golden/unpooled'].map((name) => fixture(`${name}/open_clip_config.json`)),
    words: [
      ...JSON_WORDS,
      '0',
      '1000000000',
      '0.5',
      '"gelu"',
      '"text_cfg":{',
      '"vision_cfg":{',
      '"multimodal_cfg":{',
      '"preprocess_cfg":{',
      '"special_ids":{',
      '"pool_type"',
      '"none"',
      '"timm_model_name"',
      '"attentional_pool"',
    ],
    run(bytes) {
      const json = parsed(bytes);
      if (json === undefined) return;
      for (const [name, shape] of parameterShapes(parseConfig(json, 'config.json'))) {
        if (!shape.every((size) => Number.isSafeInteger(size) && size > 0))
          throw new Error(`${name} of shape ${shape}`);
      }
    },
  },
  tokenizer: {
    covers: /model\/tokenizer|@huggingface\/tokenizers/,
    seeds: () => [
      Buffer.from(JSON.stringify(SMALL_TOKENIZER)),
      Buffer.from(
        JSON.stringify({
          ...SMALL_TOKENIZER,
          model: { type: 'WordPiece', unk_token: 'a', vocab: { a: 0, b: 1, '##b': 2 } },
        }),
      ),
    ],
    words: [
      ...JSON_WORDS,
      '"type":"',
      'ByteLevel',
      'Metaspace',
      'Replace',
      'Prepend',
      'WordLevel',
      'Unigram',
      'Sequence',
      'BertPreTokenizer',
      'TemplateProcessing',
      '"Regex":"(a+)+$"',
      '"pattern":{"String":"a"}',
      '"unk_token"',
      '"merges"',
      '"vocab"',
      '"byte_fallback":true',
      '"continuing_subword_prefix":"##"',
    ],
    run(bytes) {
      const codec = fileCodec(utf8(bytes), 'tokenizer.json', 'whitespace');
      for (const text of ['', 'ab ba', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', 'é日\u{1f600}']) {
        codec.decode(codec.encode(text));
      }
      for (let id = 0; id < Math.min(codec.size, 8); id++) codec.show(id);
    },
  },
  text: {
    covers: /model\/tokenizer/,
    seeds: () =>
      ['a dog', '&amp;lt; caf\u00e9 \u2018x\u2019 \ufb01', 'don\u2019t \u{1f600}\u0301'].map((text) =>
        Buffer.from(text),
      ),
    words: [
      '&amp;',
      '&#x',
      '&#0;',
      ';',
      '&lt',
      '\xe2\x80\x99',
      '\xef\xac\x81',
      '\xcc\x81',
      '\xed\xa0\x80',
      '\x1b[31m',
      '\r\n',
      '<end_of_text>',
    ],
    run(bytes) {
      const codec = clipCodec();
      const ids = codec.encode(utf8(bytes));
      if (!ids.every((id) => id >= 0 && id < codec.size)) throw new Error('an id out of range');
      // Special tokens, which a text can name, are not for a codec to decode: see `loadTokenizer`.
      codec.decode(ids.filter((id) => !codec.specials.has(id)));
    },
  },
  picture: {
    covers: /model\/image\/(gif|jpeg|tiff|avif|prepare|sniff)/,
    seeds: () => [
      Buffer.from(
        'GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;',
        'latin1',
      ),
      fixture('scenes/0001.png').subarray(0, 200),
      ...['progressive', 'restarts', 'scan-a-component'].map((kind) => fixture(`pictures/jpeg-${kind}.jpg`)),
      ...['ycbcr', 'jpeg', 'palette-2'].map((kind) => fixture(`pictures/tiff-${kind}.tif`)),
      fixture('pictures/avif-premultiplied.avif').subarray(0, 600),
      Buffer.from('\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1', 'latin1'),
    ],
    words: [
      'GIF87a',
      '!\xf9\x04',
      '!\xff\x0bNETSCAPE2.0',
      ',',
      ';',
      'RIFF',
      'WEBPVP8 ',
      'II*\x00',
      'MM\x00*',
      'ftyp',
      '<svg',
      '%PDF',
      'BM',
    ],
    run(bytes) {
      const format = sniffImage(bytes);
      describeBytes(bytes);
      if (format !== undefined) prepare(format, bytes).check();
    },
  },
};

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8(bytes));
  } catch {
    return undefined;
  }
}
