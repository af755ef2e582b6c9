import { type CommandContext, kebab } from '../../../cli/command.js';
import type { Caption, CaptionOptions, ImageEncoding } from '../../../model/api.js';
import { CocaError } from '../../../model/base/errors.js';
import type { LoadedCoca } from '../../../model/store/load.js';
import type { Tokenizer } from '../../../model/tokenizer/tokenizer.js';
import type { Word } from '../../../model/tokenizer/words.js';
import { searchProgress } from '../progress.js';
import { checkSearchOptions, DECODING_OPTIONS, searchOptions } from '../search-options.js';

const { beams, maxLength, minLength, lengthPenalty } = DECODING_OPTIONS;
/** What shapes a caption that is searched for; a given CAPTION is as it is. */
export const CAPTION_OPTIONS = {
  beams,
  maxLength,
  minLength,
  lengthPenalty,
  prompt: {
    type: 'text',
    kind: 'text',
    placeholder: 'TEXT',
    description: 'how the caption that is searched for begins',
  },
} as const;

/** The picture that a command looks at. */
export const IMAGE_ARGUMENT = {
  name: 'IMAGE',
  description: 'path, URL, or - for bytes on stdin',
  kind: 'image',
  required: true,
  variadic: false,
} as const;

/** Of commands that look at a caption of a picture. */
export const CAPTION_ARGUMENT = {
  name: 'CAPTION',
  description: 'whose words; without it, the caption that the model finds',
  kind: 'text',
  unless: Object.keys(CAPTION_OPTIONS),
  required: false,
  variadic: false,
} as const;

/** A caption as text and as ids from the start token. */
export type CaptionText = Pick<Caption, 'ids' | 'text'>;

/** A caption that was given, or how one is to be searched for. */
export type AskedCaption = CaptionText | CaptionOptions;

type CaptionValues = Parameters<typeof searchOptions>[0] & { readonly prompt?: unknown };

/**
 * Checks what was typed of `CAPTION_OPTIONS` while no model is known.
 * @throws CocaError `usage` for options that contradict each other, or a given caption
 */
export async function checkAskedCaption(
  caption: string | undefined,
  options: CaptionValues,
  typed: ReadonlySet<string>,
): Promise<void> {
  refuseSearchOptions(caption, typed);
  await checkSearchOptions(options, typed);
}

/**
 * What a command line asks for.
 * @throws CocaError `bad-text` for a caption without words, or of more than the model takes
 */
export async function askedCaption(
  caption: string | undefined,
  options: CaptionValues,
  typed: ReadonlySet<string>,
  coca: LoadedCoca,
): Promise<AskedCaption> {
  if (caption !== undefined) return captionOf(caption, coca.tokenizer, 'leave it out to have one found');
  const search = await searchOptions(options, typed, coca);
  return options.prompt === undefined ? search : { ...search, prompt: options.prompt as string };
}

/** The caption that was asked for; it is searched for where it was not given. */
export async function foundCaption(
  asked: AskedCaption,
  image: ImageEncoding,
  coca: LoadedCoca,
  context: CommandContext,
): Promise<CaptionText> {
  if ('ids' in asked) return asked;
  const hooks = { signal: context.signal, onStep: await searchProgress(coca, context) };
  return (await coca.caption(image, asked, hooks)).captions[0]![0]!;
}

function refuseSearchOptions(caption: string | undefined, typed: ReadonlySet<string>): void {
  const useless = Object.keys(CAPTION_OPTIONS).find((name) => typed.has(name));
  if (caption === undefined || useless === undefined) return;
  throw new CocaError(
    'usage',
    `--${kebab(useless)} shapes a caption that is searched for, and here CAPTION is given`,
    'leave one of the two out',
  );
}

/**
 * A caption that was typed.
 * @param hint what to do where it has no words
 * @throws CocaError `bad-text` for one without words, or of more than the model takes
 */
export function captionOf(caption: string, tokenizer: Tokenizer, hint?: string): CaptionText {
  const { special, contextLength } = tokenizer;
  const tokens = tokenizer.encode(caption);
  if (tokens.length === 0) throw new CocaError('bad-text', 'CAPTION has no words', hint);
  if (tokens.length + 2 > contextLength) {
    throw new CocaError(
      'bad-text',
      `CAPTION has ${tokens.length} tokens, and the model's context of ${contextLength} holds ${contextLength - 2} beside the start and end`,
      'shorten it',
    );
  }
  const ids = [special.sot, ...tokens, special.eot];
  return { ids, text: tokenizer.decode(ids) };
}

/** Special tokens are shown when asked for, and where there is nothing else. */
export function wordsToShow(words: readonly Word[], special: boolean): readonly Word[] {
  const spoken = words.filter((word) => !word.special);
  return special || spoken.length === 0 ? words : spoken;
}
