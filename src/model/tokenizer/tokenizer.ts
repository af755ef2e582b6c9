import { basename } from 'node:path';
import { CocaError } from '../base/errors.js';
import { readTextFile } from '../base/text-file.js';
import type { SpecialIds } from '../decoding/types.js';
import type { Cleaning } from './clean.js';
import { CLIP_SIZE, clipCodec } from './clip.js';
import type { Codec } from './codec.js';
import { type Frame, frameOf, type SpecialNames } from './frame.js';

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
  readonly contextLength: number;
  /** Rows of the model's embedding. */
  readonly vocabSize: number;
  /**
   * For a tokenizer of Hugging Face's that frames texts by itself, as OpenCLIP's `HFTokenizer` has it: how texts are cleaned, and which
   * special tokens are which.
   */
  readonly huggingFace?: { readonly clean: Cleaning; readonly stripSep: boolean; readonly names: SpecialNames };
  /** What the model's config says; by default start, end and <pad> are found by name, and padding is 0 as in OpenCLIP. */
  readonly special?: SpecialIds;
}

/** Embeddings are padded for speed, to a multiple of at most this; more rows than that without a token is a mix-up. */
const MAX_UNUSED = 127;

const START_NAMES = ['<start_of_text>', '<|startoftext|>'];
const END_NAMES = ['<end_of_text>', '<|endoftext|>'];
const PAD_NAMES = ['<pad>'];

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
export const fitsClip = (vocabSize: number): boolean => fits(CLIP_SIZE, vocabSize);

const fits = (tokens: number, vocabSize: number) => tokens <= vocabSize && vocabSize - tokens <= MAX_UNUSED;

/** @param isNamed whether the config names the tokenizer: then rows without a token are its own affair */
function checkSizes(codec: Codec, vocabSize: number, name: string, isNamed: boolean): void {
  if (isNamed ? codec.size > vocabSize : !fits(codec.size, vocabSize)) {
    throw new CocaError(
      'bad-tokenizer',
      `${name} has ${codec.size} tokens, the model's embedding ${vocabSize} rows`,
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
  special: SpecialIds,
  { prefix, suffix, zeroed }: Frame,
  { contextLength, vocabSize }: TokenizerOptions,
): Tokenizer {
  const { sot, eot, pad } = special;
  /** How many ids a text itself may have. */
  const room = contextLength - prefix.length - suffix.length;
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
      row.set([...prefix, ...codec.encode(text, contextLength).slice(0, room), ...suffix]);
      return zeroed === null ? row : row.map((id) => (id === zeroed ? 0 : id));
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
const MAX_FILE_BYTES = 128 * 2 ** 20;
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
  const { file, vocabSize, contextLength, huggingFace } = options;
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
    const limit = Math.min(MAX_FILE_BYTES, BYTES_BESIDE + BYTES_PER_TOKEN * vocabSize);
    const json = await readTextFile(file, 'tokenizer.json for this model', limit);
    codec = fileCodec(json, name, huggingFace?.clean ?? 'whitespace');
  }
  checkSizes(codec, vocabSize, name, huggingFace !== undefined);
  if (huggingFace) {
    const frame = frameOf(codec, huggingFace.names, huggingFace.stripSep, name);
    const around = [...frame.prefix, ...frame.suffix];
    if (around.length >= contextLength) {
      throw new CocaError('bad-tokenizer', `${name}: a context of ${contextLength} ids has no room for a text`);
    }
    // Nothing is decoded by such a model: what stands at the two ends is as good as start and end.
    const special = { sot: around[0] ?? frame.pad, eot: around.at(-1) ?? frame.pad, pad: frame.pad };
    return assemble(codec, special, frame, options);
  }
  const special = options.special ?? findSpecial(codec, name);
  checkSpecial(special, vocabSize);
  return assemble(
    codec,
    special,
    { prefix: [special.sot], suffix: [special.eot], pad: special.pad, zeroed: null },
    options,
  );
}
