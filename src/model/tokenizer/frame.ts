import { CocaError } from '../base/errors.js';
import type { Codec } from './codec.js';

/** What a model is fed around a text's own ids. */
export interface Frame {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** Fills the context. */
  readonly pad: number;
  /** An id that becomes 0 wherever it stands (OpenCLIP's `strip_sep_token`); null for none. */
  readonly zeroed: number | null;
}

/** Names of special tokens, as tokenizer_config.json and special_tokens_map.json state them. */
export interface SpecialNames {
  readonly pad?: string;
  readonly sep?: string;
}

/** Padding tokens by the names that they have where nothing states one. */
const PAD_NAMES = ['<pad>', '[PAD]'];

/**
 * Reads `pad_token` and `sep_token` of the files that a Hugging Face tokenizer keeps beside its tokenizer.json.
 * @param files their parsed contents, the more telling first
 */
export function specialNames(files: readonly unknown[]): SpecialNames {
  const find = (field: string): string | undefined => {
    for (const file of files) {
      const value = (file as Record<string, unknown> | null)?.[field];
      const content = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
      if (typeof content === 'string') return content;
    }
    return undefined;
  };
  const [pad, sep] = [find('pad_token'), find('sep_token')];
  return { ...(pad !== undefined && { pad }), ...(sep !== undefined && { sep }) };
}

/**
 * What a Hugging Face tokenizer puts around a text, as OpenCLIP's `HFTokenizer` uses it: the template of the file, and its padding token.
 * @param name what errors call the file
 * @throws CocaError `bad-tokenizer` for a token that is not there
 */
export function frameOf(codec: Codec, names: SpecialNames, stripSep: boolean, name: string): Frame {
  const idOf = (wanted: readonly string[], role: string): number => {
    const found = [...codec.specials].find(([, content]) => wanted.includes(content));
    if (found) return found[0];
    throw new CocaError(
      'bad-tokenizer',
      `${name}: no ${role} token among its special tokens (${wanted.join(' or ')})`,
      'put the tokenizer_config.json of this model beside its tokenizer.json',
    );
  };
  return {
    ...codec.template!,
    pad: idOf(names.pad === undefined ? PAD_NAMES : [names.pad], 'padding'),
    zeroed: stripSep ? idOf([names.sep ?? '[SEP]'], 'separating') : null,
  };
}
