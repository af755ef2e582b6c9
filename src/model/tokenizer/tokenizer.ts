import { basename, dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { readTextFile } from '../base/text-file.js';
import type { SpecialIds } from '../decoding/types.js';
import type { Cleaning } from './clean.js';
import { CLIP_SIZE, clipCodec } from './clip.js';
import type { Codec, Frame } from './codec.js';
import { type NamedSpecials, namedSpecials } from './named-specials.js';

export { MAX_TEXT } from './clean.js';

/** Text to ids and back, for one model. All texts: throws CocaError `bad-text` for more than `MAX_TEXT` characters. */
export interface Tokenizer {
  /** Rows of the model's embedding: every id is below this. */
  readonly vocabSize: number;
  /** Ids that the model takes at once, start and end included. */
  readonly contextLength: number;
  readonly special: SpecialIds;
  /** Ids of a text, without start and end. */
  encode(text: string): number[];
  /** Text of ids: special tokens left out, words one space apart, trimmed. Ids that have no token show as [id]. */
  decode(ids: Iterable<number>): string;
  /**
   * What the model is fed: start, ids, end, padding; contextLength ids. A text that does not fit is cut and ends with
   * the end token, as OpenCLIP does it: ask `fits` before.
   */
  context(text: string): Int32Array;
  /** Whether a text and its start and end fit the context. */
  fits(text: string): boolean;
  /** One token as a person should see it: "dog", "<end_of_text>", the bytes of half a character as \xE2. */
  tokenText(id: number): string;
  /** Whether a word ends with this token. */
  endsWord(id: number): boolean;
}

export interface TokenizerOptions {
  /** A `tokenizer.json`; without one it is OpenCLIP's CLIP tokenizer. */
  readonly file?: string;
  /** Reads it, and what may lie beside it; by default from the disk. */
  readonly readText?: typeof readTextFile;
  readonly contextLength: number;
  /** Rows of the model's embedding. */
  readonly vocabSize: number;
  /** What the model's config says; by default start, end and <pad> are found by name, and padding is 0 as in OpenCLIP. */
  readonly special?: SpecialIds;
  /**
   * Texts are framed and padded as transformers does it with the files beside a `tokenizer.json`: what OpenCLIP does for a
   * model whose config has `hf_tokenizer_name`. Special ids of the config go before those that the files name.
   */
  readonly huggingFace?: boolean;
  /** What else OpenCLIP does with such a tokenizer (`tokenizer_kwargs`): texts are cleaned, and a separating token becomes 0. */
  readonly how?: { readonly clean: Cleaning; readonly strip_sep_token: boolean };
  /** Whether a start token may be missing: of a model that writes nothing. */
  readonly isStartless?: boolean;
}

/**
 * Embeddings are padded for speed, to a multiple of at most this; more rows than that without a token of a file is a
 * mix-up. OpenCLIP's CLIP tokenizer goes with every larger embedding, as in `coca_base`, which has 64,000 rows.
 */
const MAX_UNUSED = 127;

const START_NAMES = ['<start_of_text>', '<|startoftext|>', '<s>', '[CLS]', '<bos>'];
const END_NAMES = ['<end_of_text>', '<|endoftext|>', '</s>', '[SEP]', '<eos>'];
const PAD_NAMES = ['<pad>', '[PAD]'];
const SEPARATOR_NAMES = ['[SEP]', '</s>'];

/** How a model's texts are put together. */
interface Form {
  readonly special: SpecialIds;
  readonly frame: Frame;
  /** An id that becomes 0 wherever it stands. */
  readonly zeroed?: number;
}

const plainForm = (special: SpecialIds): Form => ({ special, frame: { before: [special.sot], after: [special.eot] } });

/** As transformers does it: what the file puts around a text is start and end; what it does not, is named beside it. */
function huggingFaceForm(
  { frame, idOf }: Required<Codec>,
  named: NamedSpecials,
  name: string,
  { special, how, isStartless }: TokenizerOptions,
): Form {
  const { before, after } = frame();
  if (before.length > 1 || after.length > 1) {
    const count = Math.max(before.length, after.length);
    throw new CocaError(
      'bad-tokenizer',
      `${name} puts ${count} tokens ${before.length > 1 ? 'before' : 'after'} a text; one start and one end token are supported`,
    );
  }
  const byName = (names: readonly string[]) => names.map((token) => idOf(token)).find((id) => id !== undefined);
  const need = (what: string, token: string | undefined, names: readonly string[], framed?: number): number => {
    const id = framed ?? (token === undefined ? byName(names) : idOf(token));
    if (id !== undefined) return id;
    throw new CocaError(
      'bad-tokenizer',
      token === undefined
        ? `${name}: nothing names its ${what} token`
        : `${name} has no token ${token}, its ${what} token`,
      `put the tokenizer_config.json of this tokenizer beside it, or give the ids as "special_ids" in open_clip_config.json`,
    );
  };
  const found = () => {
    const eot = need('end', named.end, END_NAMES, after[0]);
    const isStartNamed = before.length > 0 || named.start !== undefined || byName(START_NAMES) !== undefined;
    return {
      sot: isStartless && !isStartNamed ? eot : need('start', named.start, START_NAMES, before[0]),
      eot,
      pad: need('padding', named.pad, PAD_NAMES),
    };
  };
  const zeroed = how?.strip_sep_token ? { zeroed: need('separating', named.separator, SEPARATOR_NAMES) } : {};
  return { special: special ?? found(), frame: { before, after }, ...zeroed };
}

function findSpecial(codec: Codec, name: string): SpecialIds {
  const find = (names: readonly string[]): number | undefined =>
    [...codec.specials].find(([, content]) => names.includes(content))?.[0];
  const need = (names: readonly string[], what: string): number => {
    const id = find(names);
    if (id !== undefined) return id;
    throw new CocaError(
      'bad-tokenizer',
      `${name}: no ${what} token among its special tokens (${names.join(' or ')})`,
      'give the ids as "special_ids" in open_clip_config.json',
    );
  };
  return { sot: need(START_NAMES, 'start'), eot: need(END_NAMES, 'end'), pad: find(PAD_NAMES) ?? 0 };
}

/** Whether an embedding of so many rows can be that of OpenCLIP's CLIP tokenizer. */
export const fitsClip = (vocabSize: number): boolean => CLIP_SIZE <= vocabSize;

/**
 * @param isNamed whether the config names the tokenizer: rows without a token are then its own affair
 * @param isFile whether it is one of its own, and not CLIP's
 */
function checkSizes({ size }: Codec, vocabSize: number, name: string, isNamed: boolean, isFile: boolean): void {
  if (size > vocabSize || (isFile && !isNamed && vocabSize - size > MAX_UNUSED)) {
    throw new CocaError(
      'bad-tokenizer',
      `${name} has ${size} tokens, the model's embedding ${vocabSize} rows`,
      'put the tokenizer.json of this model beside its weights',
    );
  }
}

function checkSpecial(special: SpecialIds, vocabSize: number): void {
  for (const [role, id] of Object.entries(special)) {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw new CocaError('bad-tokenizer', `special id ${role} is ${id}, outside the ${vocabSize} rows of the embedding`);
  }
}

function assemble(
  codec: Codec,
  { special, frame, zeroed }: Form,
  { contextLength, vocabSize }: TokenizerOptions,
): Tokenizer {
  const { sot, eot, pad } = special;
  const room = contextLength - frame.before.length - frame.after.length;
  const skipped = new Set([...codec.specials.keys(), sot, eot]);

  /** CLIP pads with 0, which is also "!": padding only after the end. */
  function spoken(ids: Iterable<number>): number[] {
    const kept: number[] = [];
    let ended = false;
    for (const id of ids) {
      ended ||= id === eot;
      if (!skipped.has(id) && !(ended && id === pad)) kept.push(id);
    }
    return kept;
  }

  return {
    vocabSize,
    contextLength,
    special,
    encode: (text) => codec.encode(text),
    decode(ids) {
      const pieces: string[] = [];
      let run: number[] = [];
      const flush = () => {
        pieces.push(codec.decode(run).trim());
        run = [];
      };
      for (const id of spoken(ids)) {
        if (id >= 0 && id < codec.size) {
          run.push(id);
        } else {
          flush();
          pieces.push(`[${id}]`);
        }
      }
      flush();
      return pieces.filter((piece) => piece !== '').join(' ');
    },
    context(text) {
      const row = new Int32Array(contextLength).fill(pad);
      row.set([...frame.before, ...codec.encode(text, contextLength).slice(0, room), ...frame.after]);
      return zeroed === undefined ? row : row.map((id) => (id === zeroed ? 0 : id));
    },
    fits: (text) => codec.encode(text, contextLength).length <= room,
    tokenText(id) {
      if (!(id >= 0 && id < codec.size)) return `[${id}]`;
      return codec.specials.get(id) ?? codec.show(id);
    },
    endsWord: (id) => !codec.specials.has(id) && id >= 0 && id < codec.size && codec.endsWord(id),
  };
}

/** Most bytes that a `tokenizer.json` may have, whatever the model: that of 250,000 tokens has 17 million. */
export const MAX_TOKENIZER_BYTES = 128 * 2 ** 20;
/** Those it may have for a token, its merge and its place in lists included, and for all else. */
const BYTES_PER_TOKEN = 512;
const BYTES_BESIDE = 2 ** 20;

/**
 * The tokenizer of a model.
 *
 * @throws CocaError `bad-tokenizer`: malformed JSON; ids that are double, missing or out of range; no start or end
 * token; more tokens than the model's embedding has rows, or far fewer. `not-found`, `unreadable`: the file.
 */
export async function loadTokenizer(options: TokenizerOptions): Promise<Tokenizer> {
  const { file, readText = readTextFile, vocabSize, contextLength } = options;
  if (contextLength < 2) {
    throw new CocaError('bad-tokenizer', `a context of ${contextLength} ids has no room for start and end`);
  }
  let name = "OpenCLIP's CLIP tokenizer";
  let codec: Codec;
  if (file === undefined) {
    codec = clipCodec();
  } else {
    name = basename(file);
    const { fileCodec } = await import('./file.js');
    const limit = Math.min(MAX_TOKENIZER_BYTES, BYTES_BESIDE + BYTES_PER_TOKEN * vocabSize);
    const json = await readText(file, 'tokenizer.json for this model', limit);
    codec = fileCodec(json, name, options.how?.clean ?? 'whitespace');
  }
  checkSizes(codec, vocabSize, name, options.huggingFace ?? false, file !== undefined);
  const form = await formOf(codec, options, name);
  checkSpecial(form.special, vocabSize);
  return assemble(codec, form, options);
}

async function formOf(codec: Codec, options: TokenizerOptions, name: string): Promise<Form> {
  const { special, huggingFace, file, readText } = options;
  if (!huggingFace || file === undefined) return plainForm(special ?? findSpecial(codec, name));
  const named = await namedSpecials((other) => join(dirname(file), other), readText);
  return huggingFaceForm(codec as Required<Codec>, named, name, options);
}
