import { CocaError } from '../base/errors.js';
import { isObject, type Json } from '../base/json.js';
import { readTextFile } from '../base/text-file.js';

/** What Hugging Face keeps beside a `tokenizer.json`: the names of its special tokens, and how texts are padded. */
export const SPECIALS_FILES = ['tokenizer_config.json', 'special_tokens_map.json'] as const;

/** The special tokens of a tokenizer by what they are for; what nothing names is not there. */
export interface NamedSpecials {
  readonly start?: string;
  readonly end?: string;
  readonly pad?: string;
  readonly separator?: string;
}

/** Far more than such a file has: most of it is the list of added tokens. */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * What transformers takes where the files do not say: defaults of its classes (4.49), by their names without "Fast".
 * [start, end, padding]
 */
const OF_CLASS: Readonly<Record<string, readonly [string | undefined, string | undefined, string | undefined]>> = {
  CLIPTokenizer: ['<|startoftext|>', '<|endoftext|>', '<|endoftext|>'],
  BertTokenizer: ['[CLS]', '[SEP]', '[PAD]'],
  DistilBertTokenizer: ['[CLS]', '[SEP]', '[PAD]'],
  ElectraTokenizer: ['[CLS]', '[SEP]', '[PAD]'],
  AlbertTokenizer: ['[CLS]', '[SEP]', '<pad>'],
  RobertaTokenizer: ['<s>', '</s>', '<pad>'],
  XLMRobertaTokenizer: ['<s>', '</s>', '<pad>'],
  CamembertTokenizer: ['<s>', '</s>', '<pad>'],
  MPNetTokenizer: ['<s>', '</s>', '<pad>'],
  BartTokenizer: ['<s>', '</s>', '<pad>'],
  // Its texts begin with nothing; what T5 writes begins with padding.
  T5Tokenizer: ['<pad>', '</s>', '<pad>'],
  GPT2Tokenizer: ['<|endoftext|>', '<|endoftext|>', undefined],
  LlamaTokenizer: ['<s>', '</s>', undefined],
  GemmaTokenizer: ['<bos>', '<eos>', '<pad>'],
};

/**
 * The special tokens that the files beside a `tokenizer.json` name, as transformers' `AutoTokenizer` reads them.
 * @param pathOf where a file of that name would be
 * @param readText reads it
 * @throws CocaError `bad-tokenizer` for a file that is no JSON object, and for texts that are padded or cut on the left;
 *   `unreadable`
 */
export async function namedSpecials(pathOf: (file: string) => string, readText = readTextFile): Promise<NamedSpecials> {
  const [config, map] = await Promise.all(SPECIALS_FILES.map((file) => readObject(pathOf(file), file, readText)));
  for (const side of ['padding_side', 'truncation_side']) {
    if (config?.[side] !== undefined && config[side] !== 'right') {
      throw new CocaError(
        'bad-tokenizer',
        `tokenizer_config.json: ${side} is ${JSON.stringify(config[side])}, and texts are padded and cut on the right here`,
      );
    }
  }
  // The map is of files from before the config held all tokens.
  const isWhole = config?.added_tokens_decoder !== undefined;
  const sources = isWhole ? [config] : [map, config];
  const named = (...roles: readonly string[]) => {
    const tokens = roles.flatMap((role) => sources.map((source) => contentOf(source?.[role])));
    return tokens.find((token) => token !== undefined);
  };
  const kind = typeof config?.tokenizer_class === 'string' ? config.tokenizer_class.replace(/Fast$/, '') : '';
  const [start, end, pad] = (Object.hasOwn(OF_CLASS, kind) && OF_CLASS[kind]) || [];
  const found = {
    start: named('bos_token', 'cls_token') ?? start,
    end: named('eos_token', 'sep_token') ?? end,
    pad: named('pad_token') ?? pad,
    separator: named('sep_token'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, token]) => token !== undefined));
}

/** A token is its text, or an object that has it. */
function contentOf(token: unknown): string | undefined {
  const text = typeof token === 'object' && token !== null ? (token as Json).content : token;
  return typeof text === 'string' ? text : undefined;
}

async function readObject(path: string, file: string, readText: typeof readTextFile): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readText(path, file, MAX_BYTES);
  } catch (error) {
    if (error instanceof CocaError && error.code === 'not-found') return undefined;
    throw error;
  }
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch (cause) {
    throw new CocaError('bad-tokenizer', `${file}: not valid JSON (${(cause as Error).message})`, undefined, { cause });
  }
  throw new CocaError('bad-tokenizer', `${file} is not a JSON object`);
}
