import { CocaError } from '../base/errors.js';
import { isObject, type Json } from '../base/json.js';

/** A `tokenizer.json` whose ids were checked. */
export interface TokenizerFile {
  /** The whole definition, for the library. */
  readonly definition: Json;
  /** Token of each id, special ones included. */
  readonly tokens: readonly string[];
  /** Special tokens by id. */
  readonly specials: ReadonlyMap<number, string>;
  /** Whether tokens are written in GPT-2's alphabet for bytes. */
  readonly byteLevel: boolean;
  /** What marks the end of a word, "" where nothing does. */
  readonly suffix: string;
  /** Whether ids become text by regular expressions of the file. */
  readonly decodesByPattern: boolean;
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** Whether a step of this type is anywhere in a normalizer, pre-tokenizer or decoder. */
function mentions(step: unknown, type: string): boolean {
  if (Array.isArray(step)) return step.some((part) => mentions(part, type));
  if (!isObject(step)) return false;
  return step.type === type || ['normalizers', 'pretokenizers', 'decoders'].some((list) => mentions(step[list], type));
}

/** Whether a regular expression is anywhere in a step. */
function hasRegex(step: unknown): boolean {
  if (Array.isArray(step)) return step.some(hasRegex);
  return isObject(step) && ('Regex' in step || Object.values(step).some(hasRegex));
}

/** The library leaves a step out whose pattern it does not know; ids would be wrong without a word. */
function checkPatterns(step: unknown): void {
  if (Array.isArray(step)) for (const part of step) checkPatterns(part);
  if (!isObject(step)) return;
  const { pattern, ...others } = step;
  for (const value of Object.values(others)) checkPatterns(value);
  if (pattern === undefined && step.type !== 'Split' && step.type !== 'Replace') return;
  if (!isObject(pattern) || !['Regex', 'String'].some((kind) => typeof pattern[kind] === 'string')) {
    throw new Error(`the pattern ${show(pattern)} is neither a "Regex" nor a "String"`);
  }
}

function parseJson(json: string): Json {
  try {
    const value: unknown = JSON.parse(json);
    if (isObject(value)) return value;
  } catch (cause) {
    throw new Error(`not valid JSON (${(cause as Error).message})`, { cause });
  }
  throw new Error('not a JSON object');
}

/** [token, id] of everything in `model.vocab`: an object, or a list in the order of ids. */
function vocabulary(vocab: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(vocab)) return vocab.map((entry, id) => [Array.isArray(entry) ? entry[0] : entry, id]);
  if (isObject(vocab)) return Object.entries(vocab);
  throw new Error('no "vocab" in its model');
}

/** Token of each id: every id from 0 on has one token, and every token one id. */
function numberTokens(entries: readonly (readonly [unknown, unknown])[]): string[] {
  const tokens: string[] = [];
  const ids = new Map<string, number>();
  for (const [token, id] of entries) {
    if (typeof token !== 'string' || token === '') throw new Error(`the token of id ${show(id)} is ${show(token)}`);
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
      throw new Error(`the id of ${show(token)} is ${show(id)}`);
    }
    if ((tokens[id] ?? token) !== token) throw new Error(`${show(tokens[id])} and ${show(token)} have one id, ${id}`);
    if ((ids.get(token) ?? id) !== id) throw new Error(`${show(token)} has two ids, ${ids.get(token)} and ${id}`);
    tokens[id] = token;
    ids.set(token, id);
  }
  if (ids.size === 0) throw new Error('no tokens in it');
  if (tokens.length !== ids.size) {
    let gap = 0;
    while (tokens[gap] !== undefined) gap += 1;
    throw new Error(`ids go up to ${tokens.length - 1}, but ${gap} has no token`);
  }
  return tokens;
}

/** A merge that makes no token would lose its letters without a word. */
function checkMerges(model: Json, tokens: readonly string[]): void {
  if (!Array.isArray(model.merges)) throw new Error('no "merges" in its model');
  const known = new Set(tokens);
  const prefixed = Boolean(model.continuing_subword_prefix);
  for (const merge of model.merges as unknown[]) {
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((half) => typeof half !== 'string')) {
      throw new Error(`${show(merge)} is no merge of two tokens`);
    }
    if (!prefixed && !known.has(pair.join(''))) throw new Error(`the merge ${show(merge)} makes no token`);
  }
}

/**
 * Reads and checks a `tokenizer.json`: ids are whole numbers from 0 on, without gaps, each of one token; merges make
 * tokens that exist.
 *
 * @param file what errors call it
 * @throws CocaError `bad-tokenizer`
 */
export function parseTokenizerJson(json: string, file: string): TokenizerFile {
  try {
    const definition = parseJson(json);
    const { model, added_tokens: added = [] } = definition;
    if (!isObject(model)) throw new Error('no "model" object in it');
    if (!Array.isArray(added) || !added.every(isObject)) throw new Error('"added_tokens" is no list of tokens');
    const tokens = numberTokens([
      ...vocabulary(model.vocab),
      ...added.map((entry) => [entry.content, entry.id] as const),
    ]);
    if (model.type === 'BPE') checkMerges(model, tokens);
    checkPatterns([definition.normalizer, definition.pre_tokenizer, definition.post_processor, definition.decoder]);
    const special = added.filter((entry) => entry.special === true);
    return {
      definition: {
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        ...definition,
        added_tokens: added,
      },
      tokens,
      specials: new Map(special.map((entry) => [entry.id as number, entry.content as string])),
      byteLevel: [definition.pre_tokenizer, definition.decoder].some((step) => mentions(step, 'ByteLevel')),
      suffix: typeof model.end_of_word_suffix === 'string' ? model.end_of_word_suffix : '',
      decodesByPattern: hasRegex(definition.decoder),
    };
  } catch (cause) {
    throw new CocaError(
      'bad-tokenizer',
      `${file}: ${(cause as Error).message}`,
      'fetch the tokenizer of this model again',
      { cause },
    );
  }
}
