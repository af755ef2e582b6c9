/** The form of `tokenizer.json` that training writes: CLIP's tokenizer, byte-complete, with a padding token of its own. */

/** CLIP's pattern as it stands in such files, for texts that are in lower case already. */
export const PRE_TOKENIZER_PATTERN =
  "<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

const SUFFIX = '</w>';
export const endOfWord = (token: string): string => token + SUFFIX;

export const PAD_TOKEN = '<pad>';
const START_AND_END = ['<start_of_text>', '<end_of_text>'];
export const SPECIAL_TOKENS: readonly string[] = [PAD_TOKEN, ...START_AND_END];

/**
 * @param learned tokens by id, padding first; start and end follow them
 * @param merges pairs of ids, in the order learned
 */
export function tokenizerJson(learned: readonly string[], merges: readonly (readonly [number, number])[]): string {
  const tokens = [...learned, ...START_AND_END];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return `${JSON.stringify(
    {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: SPECIAL_TOKENS.map((content) => ({ id: tokens.indexOf(content), content, ...flags })),
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFC' },
          { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
          { type: 'Lowercase' },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: PRE_TOKENIZER_PATTERN }, behavior: 'Removed', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      post_processor: null,
      // Bytes, then a space where a word ends, but for the last one: what transformers does for CLIP in its own code.
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
          { type: 'Replace', pattern: { String: SUFFIX }, content: ' ' },
          { type: 'Strip', content: ' ', start: 0, stop: 1 },
        ],
      },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: SUFFIX,
        fuse_unk: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: merges.map(([left, right]) => `${tokens[left]} ${tokens[right]}`),
      },
    },
    null,
    1,
  )}\n`;
}
