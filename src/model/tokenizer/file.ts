import { Tokenizer as Library } from '@huggingface/tokenizers';
import { CocaError } from '../base/errors.js';
import { withinTime } from '../base/time-limit.js';
import { bytesToVisibleText, lettersToBytes } from './bytes.js';
import { type Cleaning, cleaned } from './clean.js';
import type { Codec, Frame } from './codec.js';
import { parseTokenizerJson } from './parse.js';

/** How long a text may take: far more than any sound tokenizer needs. */
const MS_AT_LEAST = 1000;
const MS_PER_CHARACTER = 0.02;

/**
 * A Hugging Face `tokenizer.json`, run by @huggingface/tokenizers. Texts get the clean-up that OpenCLIP gives them
 * before such a tokenizer (`HFTokenizer`, by default clean = whitespace), then whatever the file itself says.
 *
 * @param json content of the file
 * @param file what errors call it
 * @throws CocaError `bad-tokenizer`
 */
export function fileCodec(json: string, file: string, cleaning: Cleaning): Codec {
  const { definition, tokens, specials, byteLevel, suffix, decodesByPattern } = parseTokenizerJson(json, file);
  let library: Library;
  try {
    library = new Library(definition, {});
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CocaError('bad-tokenizer', `${file}: ${detail}`, 'this kind of tokenizer is not supported', { cause });
  }
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new CocaError('bad-tokenizer', `${file} fails on a text: ${detail}`, undefined, { cause });
    }
  };
  // Its patterns are regular expressions from the file: for a text that fits them, some take longer than a command can wait.
  const bounded = <T extends object | string>(size: number, work: () => T): T => {
    const limit = MS_AT_LEAST + MS_PER_CHARACTER * size;
    const result = attempt(() => withinTime(limit, work));
    if (result !== undefined) return result;
    throw new CocaError(
      'bad-tokenizer',
      `${file}: its patterns take over ${limit / 1000} s on a text of length ${size}`,
    );
  };
  const decode = (ids: readonly number[]): string => {
    if (ids.length === 0) return '';
    const work = (): string => library.decode([...ids], { clean_up_tokenization_spaces: false });
    // A limit costs a thread that watches: on a busy machine a millisecond.
    return decodesByPattern ? bounded(ids.length, work) : attempt(work);
  };
  const ids = new Map(tokens.map((token, id) => [token, id]));
  return {
    size: tokens.length,
    specials,
    frame: () => bounded(1, () => frameOf(library)),
    idOf: (token) => ids.get(token),
    encode(text) {
      const plain = cleaned(text, cleaning);
      const ids = bounded(plain.length, (): number[] => library.encode(plain, { add_special_tokens: false }).ids);
      if (ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokens.length)) return ids;
      throw new CocaError('bad-tokenizer', `${file} gives ids for a text that none of its tokens has`);
    },
    decode,
    show(id) {
      if (!byteLevel) return decode([id]).trim();
      const token = tokens[id]!;
      const bare = suffix !== '' && token.endsWith(suffix) ? token.slice(0, -suffix.length) : token;
      return bytesToVisibleText(lettersToBytes(bare)).trim();
    },
    endsWord: (id) => suffix !== '' && tokens[id]!.endsWith(suffix),
  };
}

/** What the file's post-processor puts around a text. Where the text is lost in what comes out, nothing. */
function frameOf(library: Library): Frame {
  const text = 'a';
  const plain: readonly number[] = library.encode(text, { add_special_tokens: false }).ids;
  const whole: readonly number[] = library.encode(text, { add_special_tokens: true }).ids;
  const last = whole.length - plain.length;
  for (let start = 0; start <= last; start++) {
    const isText = plain.every((id, place) => whole[start + place] === id);
    if (isText) return { before: whole.slice(0, start), after: whole.slice(start + plain.length) };
  }
  return { before: [], after: [] };
}
