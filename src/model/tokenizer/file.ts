import { Tokenizer as Library } from '@huggingface/tokenizers';
import { CocaError } from '../errors.js';
import { bytesToVisibleText, lettersToBytes } from './bytes.js';
import { clean } from './clean.js';
import type { Codec } from './codec.js';
import { parseTokenizerJson } from './parse.js';

/**
 * A Hugging Face `tokenizer.json`, run by @huggingface/tokenizers. Texts get the clean-up that OpenCLIP gives them
 * before such a tokenizer (`HFTokenizer`, clean = whitespace), then whatever the file itself says.
 *
 * @param json content of the file
 * @param file what errors call it
 * @throws CocaError `bad-tokenizer`
 */
export function fileCodec(json: string, file: string): Codec {
  const { definition, tokens, specials, byteLevel, suffix } = parseTokenizerJson(json, file);
  let library: Library;
  try {
    library = new Library(definition, {});
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CocaError('bad-tokenizer', `${file}: ${detail}`, 'this kind of tokenizer is not supported', { cause });
  }
  const decode = (ids: readonly number[]): string =>
    ids.length === 0 ? '' : library.decode([...ids], { clean_up_tokenization_spaces: false });
  return {
    size: tokens.length,
    specials,
    encode: (text) => library.encode(clean(text), { add_special_tokens: false }).ids,
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
